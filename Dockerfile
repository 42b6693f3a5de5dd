# Debian and not Alpine: the Temporal SDK has no build for musl.
FROM node:24-slim AS build
WORKDIR /bowline
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json ./
COPY tools/build.ts tools/
COPY src src
RUN node tools/build.ts && npm prune --omit=dev

FROM node:24-slim
# The SDK's connections to Temporal trust the system's certificates, not those that Node brings.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production
WORKDIR /bowline
COPY --from=build /bowline/package.json ./
COPY --from=build /bowline/node_modules node_modules
COPY --from=build /bowline/lib lib
USER node
ENTRYPOINT ["node", "lib/cli/main.js"]
CMD ["worker"]
