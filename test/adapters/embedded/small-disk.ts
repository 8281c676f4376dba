import { spawnSync } from 'node:child_process';
import type { TestContext } from 'node:test';
import { tempFolder } from './temp-folder.ts';

export type SmallDisk = { readonly path: string; remove(): Promise<void> };

/** A file system of its own of a few MiB, or null where this user may not mount one. */
export async function smallDisk(sizeMiB: number): Promise<SmallDisk | null> {
  const folder = await tempFolder();
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m`, 'tmpfs', folder.path]);
  if (mounted.status !== 0) {
    await folder.remove();
    return null;
  }
  return {
    path: folder.path,
    remove: async () => {
      const unmounted = spawnSync('umount', [folder.path]);
      if (unmounted.status !== 0) throw new Error(`umount: ${unmounted.stderr}`);
      await folder.remove();
    },
  };
}

/** Runs the test on a small disk. Where none can be had it is skipped, except under CI: there the tests with a limit on file sizes must do. */
export async function onSmallDisk(t: TestContext, sizeMiB: number, test: (path: string) => Promise<void>): Promise<void> {
  const disk = await smallDisk(sizeMiB);
  if (!disk) {
    const reason = 'mounting a small file system needs root';
    if (process.env.CI === 'true') t.diagnostic(reason);
    else t.skip(reason);
    return;
  }
  try {
    await test(disk.path);
  } finally {
    await disk.remove();
  }
}
