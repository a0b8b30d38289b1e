/** What a worker does in a round: puts an object with this body, or deletes it when there is none. */
export function step(worker: number, round: number): { readonly key: string; readonly body?: string } {
  const key = `${worker}/${round % 7}`;
  return round % 5 === 4 ? { key } : { key, body: `${key} in round ${round}\n`.repeat(5000) };
}

/** A worker's objects after so many rounds, by key. */
export function stateAfter(worker: number, rounds: number): Record<string, string> {
  const objects: Record<string, string> = {};
  for (let round = 0; round < rounds; round += 1) {
    const { key, body } = step(worker, round);
    if (body === undefined) delete objects[key];
    else objects[key] = body;
  }
  return objects;
}
