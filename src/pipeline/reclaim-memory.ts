/**
 * Takes away at once what a step of a title's end has left behind. Each of these steps holds tables of the whole title, and the collector, which looks at what
 * lives and not at buffers, would let those of several steps gather. Does nothing in a runtime without `--expose-gc` (the wrapper `sceneline` asks for it).
 */
export function reclaimMemory(): void {
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
