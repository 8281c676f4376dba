/**
 * Order-free checksum over presentation times: packets come in decode order, frames in presentation order,
 * and both must give the same sum. Two 32-bit sums of differently mixed times, as 16 hexadecimal digits.
 */
export class PtsChecksum {
  #a = 0;
  #b = 0;

  add(ptsTicks: number): void {
    const low = ptsTicks >>> 0;
    const high = Math.floor(ptsTicks / 2 ** 32) >>> 0;
    this.#a = (this.#a + mix(low ^ mix(high ^ 0x9e3779b9))) >>> 0;
    this.#b = (this.#b + mix(high ^ mix(low ^ 0x85ebca6b))) >>> 0;
  }

  get hex(): string {
    return this.#a.toString(16).padStart(8, '0') + this.#b.toString(16).padStart(8, '0');
  }
}

/** Finalizer of 32-bit MurmurHash3: every input bit reaches every output bit. */
function mix(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
