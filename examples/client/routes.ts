import { BowlineError, type BowlineClient, type ErrorCode } from 'bowline';
import { json, Router, type ErrorRequestHandler } from 'express';

const statusCodes: Partial<Record<ErrorCode, number>> = {
  InvalidSpec: 400,
  NotFound: 404,
  AlreadyExists: 409,
  Unavailable: 503,
};

/** Routes of an Express application: `POST /backups/NAME` with a spec, `GET /backups/NAME`, `DELETE /backups/NAME/run`. */
export function backupRoutes(bowline: BowlineClient): Router {
  const routes = Router();

  // Answered when Temporal has the run: it goes on without this process.
  routes.post('/backups/:name', json(), async ({ params: { name }, body }, response) => {
    const { workflowId } = await bowline.backups.create({ name, spec: body as object });
    response.status(202).json({ workflowId });
  });

  routes.get('/backups/:name', async ({ params: { name } }, response) => {
    const { phase, run } = await bowline.backups.get(name);
    response.json({ phase, ...(run && { progress: run.progress }) });
  });

  routes.delete('/backups/:name/run', async ({ params: { name } }, response) => {
    await (await bowline.backups.run(name)).cancel();
    response.status(202).end();
  });

  const sayWhy: ErrorRequestHandler = (error: unknown, _request, response, next) => {
    if (error instanceof BowlineError)
      response.status(statusCodes[error.code] ?? 500).json({ code: error.code, message: error.message });
    else next(error);
  };
  return routes.use(sayWhy);
}
