const FACTOR = 8;
/** What grows with the square takes 64 times as long. */
const MOST = 40;
const ROUNDS = 3;
const LEAST_MICROSECONDS = 5000;

/**
 * Throws when the work on eight times as much takes far more than eight times the CPU. The least of three rounds counts, so that a pause of the machine does not.
 * @param size of the larger work
 */
export async function checkProportion(size: number, work: (size: number) => unknown): Promise<void> {
  const cpuOf = async (of: number): Promise<number> => {
    const rounds: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const before = process.cpuUsage();
      await work(of);
      const { user, system } = process.cpuUsage(before);
      rounds.push(user + system);
    }
    return Math.min(...rounds);
  };
  const small = Math.max(LEAST_MICROSECONDS, await cpuOf(Math.floor(size / FACTOR)));
  const ratio = (await cpuOf(size)) / small;
  if (ratio > MOST) throw new Error(`${FACTOR} times as much took ${ratio.toFixed(1)} times the CPU`);
}
