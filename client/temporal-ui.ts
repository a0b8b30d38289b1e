/** Link to a run in Temporal's Web UI, or undefined where it is not known which UI belongs to the server. */
export async function runLink(env: NodeJS.ProcessEnv, workflowId: string): Promise<string | undefined> {
  const address = env.TEMPORAL_ADDRESS ?? '';
  const namespace = env.TEMPORAL_NAMESPACE ?? 'default';
  const cloud = /\.(tmprl\.cloud|api\.temporal\.io):\d+$/.test(address);
  if (cloud) return linkOf('https://cloud.temporal.io', namespace, workflowId);
  const { localTemporalUi } = await import('./environment/running.js'); // production commands load nothing of the local AWS
  const ui = await localTemporalUi(address, env);
  return ui === undefined ? undefined : linkOf(ui, namespace, workflowId);
}

/** Link to a run in the Web UI at a given address. */
export function linkOf(ui: string, namespace: string, workflowId: string): string {
  return `${ui.replace(/\/$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}`;
}
