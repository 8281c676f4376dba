import { setTimeout as sleep } from 'node:timers/promises';

/** Looks every 50 ms until the question is answered with something true, and gives the answer. Throws after `limitMs`. */
export async function until<T>(what: string, question: () => T | Promise<T>, limitMs = 60_000): Promise<NonNullable<T>> {
  const endMs = Date.now() + limitMs;
  for (;;) {
    const answer = await question();
    if (answer) return answer;
    if (Date.now() > endMs) throw new Error(`${what}: not within ${limitMs} ms`);
    await sleep(50);
  }
}
