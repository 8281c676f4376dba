import type { Files } from '../../src/ports/files.ts';

export type FileStep = keyof Files;

/** Thrown instead of the step at which the machine died; afterwards every step throws it. */
export class MachineDied extends Error {}

/** Passes steps on to `files` until step number `diesAt` (from 0), which is done first when `dies` is `after`. Counts the steps taken. */
export function dyingFiles(files: Files, diesAt: number, dies: 'before' | 'after'): { files: Files; steps: FileStep[] } {
  const steps: FileStep[] = [];
  const guarded = changedFiles(files, (name, step) => async () => {
    const number = steps.length;
    steps.push(name);
    if (number > diesAt || (number === diesAt && dies === 'before')) throw new MachineDied();
    await step();
    if (steps.length > diesAt) throw new MachineDied();
  });
  return { files: guarded, steps };
}

/** `files` with every step replaced by what `change` makes of it. */
export function changedFiles(files: Files, change: (name: FileStep, step: () => Promise<void>, path: string) => () => Promise<void>): Files {
  return {
    syncFile: (path) => change('syncFile', () => files.syncFile(path), path)(),
    syncFolder: (path) => change('syncFolder', () => files.syncFolder(path), path)(),
    rename: (from, to) => change('rename', () => files.rename(from, to), to)(),
    link: (from, to) => change('link', () => files.link(from, to), to)(),
    mkdir: (path) => change('mkdir', () => files.mkdir(path), path)(),
    remove: (path) => change('remove', () => files.remove(path), path)(),
  };
}
