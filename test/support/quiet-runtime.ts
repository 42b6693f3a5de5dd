import { DefaultLogger, Runtime } from '@temporalio/worker';

// Failures of activities are what many tests are about: no need to log them. Installed once for all workers of the process.
Runtime.install({ logger: new DefaultLogger('ERROR') });
