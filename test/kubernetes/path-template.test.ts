import assert from 'node:assert/strict';
import { pathTemplate } from '../../src/kubernetes/path-template.ts';

const templates: Readonly<Record<string, string>> = {
  '/version': '/version',
  '/api': '/api',
  '/apis': '/apis',
  '/api/v1': '/api/v1',
  '/apis/apps/v1': '/apis/apps/v1',
  '/api/v1/secrets?limit=500&continue=abc': '/api/v1/secrets',
  '/api/v1/namespaces': '/api/v1/namespaces',
  '/api/v1/namespaces/bank': '/api/v1/namespaces/{name}',
  '/api/v1/namespaces/bank/secrets': '/api/v1/namespaces/{namespace}/secrets',
  '/api/v1/namespaces/bank/secrets/vault': '/api/v1/namespaces/{namespace}/secrets/{name}',
  '/api/v1/namespaces/bank/pods/db-0/exec?command=psql&command=hunter2':
    '/api/v1/namespaces/{namespace}/pods/{name}/exec',
  '/apis/apps/v1/namespaces/bank/deployments/web/status':
    '/apis/apps/v1/namespaces/{namespace}/deployments/{name}/status',
  '/apis/rbac.authorization.k8s.io/v1/clusterroles/admin?dryRun=All':
    '/apis/rbac.authorization.k8s.io/v1/clusterroles/{name}',
};

describe('pathTemplate', () => {
  for (const [path, template] of Object.entries(templates))
    it(`names no object: ${path}`, () => assert.equal(pathTemplate(path), template));
});
