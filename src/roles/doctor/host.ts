import { readFileSync } from 'node:fs';

export type SystemFamily = 'debian' | 'fedora' | 'alpine' | 'arch' | 'suse' | 'macos' | 'other';

/** What kind of system we run on, as far as installing packages goes. */
export type Host = { readonly family: SystemFamily; readonly isRoot: boolean };

/** Families by the words of `ID` and `ID_LIKE` in os-release(5). */
const FAMILY_WORDS: readonly (readonly [SystemFamily, readonly string[]])[] = [
  ['debian', ['debian', 'ubuntu']],
  ['fedora', ['fedora', 'rhel', 'centos']],
  ['alpine', ['alpine']],
  ['arch', ['arch']],
  ['suse', ['suse', 'opensuse']],
];

const INSTALL_COMMANDS = {
  debian: (names: string, sudo: string) => `${sudo}apt-get update && ${sudo}apt-get install -y --no-install-recommends ${names}`,
  fedora: (names: string, sudo: string) => `${sudo}dnf install -y ${names}`,
  alpine: (names: string, sudo: string) => `${sudo}apk add ${names}`,
  arch: (names: string, sudo: string) => `${sudo}pacman -S --noconfirm ${names}`,
  suse: (names: string, sudo: string) => `${sudo}zypper install -y ${names}`,
  macos: (names: string) => `brew install ${names}`,
  other: (names: string) => `install ${names} with your system's package manager`,
} as const satisfies { [F in SystemFamily]: (names: string, sudo: string) => string };

/** Family told by the text of /etc/os-release. */
export function parseSystemFamily(osRelease: string): SystemFamily {
  const words = [...osRelease.matchAll(/^(?:ID|ID_LIKE)="?([^"\n]*)"?$/gm)].flatMap((match) => match[1].toLowerCase().split(/[\s-]+/));
  return FAMILY_WORDS.find(([, ids]) => ids.some((id) => words.includes(id)))?.[0] ?? 'other';
}

/** The line that a person types to install these packages. */
export function installLine(packages: readonly string[], host: Host): string {
  return INSTALL_COMMANDS[host.family](packages.join(' '), host.isRoot ? '' : 'sudo ');
}

export function thisHost(): Host {
  const isRoot = process.getuid?.() === 0;
  if (process.platform === 'darwin') return { family: 'macos', isRoot };
  try {
    return { family: parseSystemFamily(readFileSync('/etc/os-release', 'utf8')), isRoot };
  } catch {
    return { family: 'other', isRoot };
  }
}
