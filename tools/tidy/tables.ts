import type { Problem, Repository } from './repository.ts';

const CODE_TABLE = 'src/model/error-codes.ts';
const LOCK = 'package-lock.json';

/** Error codes that no product code raises or no test reaches. */
export function checkErrorCodes(repository: Repository, codes: readonly string[]): Problem[] {
  const spoken = (folder: string) =>
    repository
      .sources()
      .filter(([file]) => file.startsWith(folder) && file !== CODE_TABLE)
      .map(([, text]) => text)
      .join('\n');
  const [raised, tested] = [spoken('src/'), spoken('test/')];
  return codes.flatMap((code) => [
    ...(raised.includes(code) ? [] : [{ rule: 'error-code', where: CODE_TABLE, text: `${code} is raised nowhere` }]),
    ...(tested.includes(code) ? [] : [{ rule: 'error-code', where: CODE_TABLE, text: `${code} is in no test` }]),
  ]);
}

type LockEntry = { readonly resolved?: string; readonly optionalDependencies?: { readonly [name: string]: string } };

/**
 * The lock names no download addresses (any registry serves it), and has every optional package, also those of other
 * systems: `npm ci` refuses a lock without them, and npm drops them from it where a registry does not serve them.
 */
export function checkLock(repository: Repository): Problem[] {
  const packages: { readonly [path: string]: LockEntry } = JSON.parse(repository.text(LOCK) || '{"packages":{}}').packages;
  return Object.entries(packages).flatMap(([path, entry]) => {
    const absent = Object.keys(entry.optionalDependencies ?? {}).filter(
      (name) => !packages[`${path}/node_modules/${name}`] && !packages[`node_modules/${name}`],
    );
    return [
      ...(entry.resolved ? [{ rule: 'lock', where: LOCK, text: `${path} has a download address` }] : []),
      ...absent.map((name) => ({ rule: 'lock', where: LOCK, text: `${name}, an optional part of ${path || 'ours'}, is not in the lock` })),
    ];
  });
}
