import { describe, expect, it } from 'vitest';
import { bundleWorkflows } from '../../workers/workflow-bundle.js';

describe('the workflow bundle', () => {
  it('is made from the TypeScript sources and holds no code that does I/O', async () => {
    const { code } = (await bundleWorkflows()) as { code: string };
    expect(code).toContain('progressQuery');
    expect(code).not.toMatch(/require\("(node:)?(fs|net|http|crypto)"\)/);
    expect(code).not.toContain('@aws-sdk/client-');
  });
});
