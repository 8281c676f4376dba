const FACTOR = 8;
/** What grows with the square takes 64 times as long. */
const MOST = 40;
const ROUNDS = 3;
const LEAST_MICROSECONDS = 5000;

/**
 * Throws when the work on eight times as much takes far more than eight times the CPU. The least of three rounds counts, so that a pause of the machine does not.
 * @param size of the larger work
 */
export function checkProportion(size: number, work: (size: number) => void): void {
  const cpuOf = (of: number): number => {
    const rounds = Array.from({ length: ROUNDS }, () => {
      const before = process.cpuUsage();
      work(of);
      const { user, system } = process.cpuUsage(before);
      return user + system;
    });
    return Math.min(...rounds);
  };
  const small = Math.max(LEAST_MICROSECONDS, cpuOf(Math.floor(size / FACTOR)));
  const ratio = cpuOf(size) / small;
  if (ratio > MOST) throw new Error(`${FACTOR} times as much took ${ratio.toFixed(1)} times the CPU`);
}
