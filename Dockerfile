# Debian and not Alpine: the Temporal SDK has no build for musl.
FROM node:24-slim AS build
WORKDIR /bowline
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json ./
COPY tools/build.ts tools/
COPY src src
# The workflows become one bundle, so that a worker has nothing to compile. Of the SDK's core, the builds of other platforms go.
RUN node tools/build.ts \
  && npm prune --omit=dev \
  && cd node_modules/@temporalio/core-bridge \
  && rm -rf sdk-core src \
  && cd releases && ls | grep -v "^$(uname -m)-unknown-linux-gnu$" | xargs rm -rf

FROM node:24-slim
# The SDK's connections to Temporal trust the system's certificates, not those that Node brings.
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/* \
  && rm -rf /usr/local/lib/node_modules/npm /usr/local/bin/npm /usr/local/bin/npx /opt/yarn* /usr/local/bin/yarn* \
  && ln -s /bowline/lib/cli/main.js /usr/local/bin/bowline
ENV NODE_ENV=production
# A worker works in 1 GiB, of which the heap is the larger part: V8 lets one that may grow to gigabytes fill up with garbage first. What is
# freed beside the heap goes back to the system at once.
ENV NODE_OPTIONS="--max-old-space-size=768 --max-semi-space-size=16"
ENV MALLOC_ARENA_MAX=2
ENV MALLOC_MMAP_THRESHOLD_=131072
WORKDIR /bowline
COPY --from=build /bowline/package.json ./
COPY --from=build /bowline/node_modules node_modules
COPY --from=build /bowline/lib lib
# By its number, so that Kubernetes can tell that it is not root.
USER 1000:1000
ENTRYPOINT ["bowline"]
CMD ["worker"]
