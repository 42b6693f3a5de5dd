import { DefaultLogger, Runtime } from '@temporalio/worker';

// Failures of activities are what many tests are about: workers in this process need not log them.
Runtime.install({ logger: new DefaultLogger('ERROR') });
