import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkForbidden, checkLinks, headingsOf, linksOf } from '../tools/tidy/documents.ts';
import { measureFunctions } from '../tools/tidy/functions.ts';
import { checkArrows, importsOf } from '../tools/tidy/imports.ts';
import { checkDeadFiles, checkUnusedExports } from '../tools/tidy/reach.ts';
import { type Problem, Repository } from '../tools/tidy/repository.ts';
import { checkSizes } from '../tools/tidy/sizes.ts';
import { readSource } from '../tools/tidy/source-text.ts';
import { checkErrorCodes, checkLock } from '../tools/tidy/tables.ts';
import { tidyProblems, tidyThisRepository } from '../tools/tidy.ts';

const repository = (files: { readonly [path: string]: string }) => new Repository(new Map(Object.entries(files)));
const places = (problems: readonly Problem[]) => problems.map(({ rule, where }) => `${rule} ${where}`);

test('this repository is tidy', () => {
  assert.deepEqual(tidyThisRepository(), []);
});

describe('source text', () => {
  test('comments and the insides of literals are blanked, lines and offsets kept', () => {
    const text = [
      "const a = 'it\\'s // no'; // {",
      '/* { */ const b = "}";',
      `const c = /[/}{]\\/"/g.test(a) ? 4 / 2 / 1 : \`x{\${ { b }.b + \`in\${a}\` }}y\`;`,
    ].join('\n');
    const { code, strings } = readSource(text);
    assert.equal(code.length, text.length);
    assert.equal(code.split('\n').length, 3);
    assert.equal(code.includes('no') || code.includes('y'), false);
    assert.match(code, /4 \/ 2 \/ 1/);
    assert.equal(code.split('{').length, code.split('}').length);
    assert.deepEqual(
      strings.map((string) => string.text),
      ["it\\'s // no", '}'],
    );
  });

  test('unfinished text is read to its end', () => {
    const text = `const a = \`x\${ b + "c" }\` /* d */ + /e/ + 'f'; // g`;
    for (let end = 0; end <= text.length; end++) assert.equal(readSource(text.slice(0, end)).code.length, end);
  });
});

test('functions are measured: declarations, methods, arrows, return types; blocks are not', () => {
  const text = `
export async function first(a: { b: number }): Promise<{ c: string }> {
  if (a) {
    return 1;
  }
}
class K {
  #second<T>(x = () => ({})): x is { y: 1 } {
  }
}
const third = async (a) => {
  for await (const b of c) {
  }
};
test('x', () => {
});
const object = { a: 1 };
function plain(a: string): Uint8Array {
  return a;
}
export function next(b: { c: { d: 1 } }): Promise<{ e: { f: 2 } }> {
}
describe('y', () => {
});`;
  assert.deepEqual(
    measureFunctions(text).map(({ name, line, lines }) => `${name} ${line}+${lines}`),
    ['first 2+5', '#second 8+2', 'third 11+4', 'callback of test 15+2', 'plain 18+3', 'next 21+2'],
  );
});

test('long functions and files are told', () => {
  const body = 'x();\n'.repeat(70);
  const found = checkSizes(
    repository({ 'src/media/a.ts': `function long() {\n${body}}\n`, 'src/media/b.ts': 'x();\n'.repeat(501), 'src/media/c.ts': 'x();\n'.repeat(500) }),
  );
  assert.deepEqual(places(found), ['function-size src/media/a.ts', 'file-size src/media/b.ts']);
  const group = `export function claimTests() {\n${body}}\n`;
  assert.deepEqual(places(checkSizes(repository({ 'test/contract/c.ts': group, 'test/c.ts': group }))), ['function-size test/c.ts']);
});

test('imports are found in every form, and not in comments or text', () => {
  const text = `import a from './a.ts';\nimport type { B } from "./b.ts";\nexport * from './c.ts';\nconst d = await import('./d.ts');\nimport './e.ts';\nimport {\n  f,\n} from './f.ts';\n// import './g.ts'\nconst h = "import './h.ts'";\nconst from = 'i.ts';`;
  assert.deepEqual(
    importsOf(text).map(({ specifier, line }) => `${line} ${specifier}`),
    ['1 ./a.ts', '2 ./b.ts', '3 ./c.ts', '4 ./d.ts', '5 ./e.ts', '8 ./f.ts'],
  );
});

test('the arrows hold', () => {
  const files = {
    'src/media/m.ts': '',
    'src/model/m.ts': `import '../media/m.ts';`,
    'src/ports/p.ts': `import '../model/m.ts';`,
    'src/stages/plan/p.ts': `import '../../ports/p.ts';`,
    'src/adapters/ffmpeg/f.ts': `import '../../ports/p.ts'; import 'node:child_process';`,
    'src/api/a.ts': `import '../delivery/d.ts'; import '../pipeline/p.ts';`,
    'src/pipeline/p.ts': `import '../stages/plan/p.ts';`,
    'src/delivery/d.ts': `import '../ports/p.ts';`,
    'src/roles/r.ts': `import '../adapters/ffmpeg/f.ts'; import '../api/a.ts';`,
    'bin/b.ts': `import '../src/roles/r.ts'; import '../src/adapters/ffmpeg/f.ts';`,
  };
  assert.deepEqual(checkArrows(repository(files)), []);
  const against: [string, string][] = [
    ['src/media/x.ts', '../model/m.ts'],
    ['src/media/x.ts', 'zod'],
    ['src/model/x.ts', '../ports/p.ts'],
    ['src/stages/encode/x.ts', '../plan/p.ts'],
    ['src/stages/plan/x.ts', '../../pipeline/p.ts'],
    ['src/stages/plan/x.ts', '../../adapters/ffmpeg/f.ts'],
    ['src/stages/plan/x.ts', 'node:child_process'],
    ['src/pipeline/x.ts', '../delivery/d.ts'],
    ['src/pipeline/x.ts', '../adapters/ffmpeg/f.ts'],
    ['src/delivery/x.ts', '../stages/plan/p.ts'],
    ['src/adapters/embedded/x.ts', '../ffmpeg/f.ts'],
    ['src/adapters/ffmpeg/x.ts', '../../stages/plan/p.ts'],
    ['src/odd/x.ts', '../media/m.ts'],
    ['src/roles/x.ts', '../../test/t.ts'],
    ['src/roles/x.ts', './gone.ts'],
  ];
  for (const [file, specifier] of against) {
    const found = checkArrows(repository({ ...files, 'test/t.ts': '', [file]: `import '${specifier}';` }));
    assert.deepEqual(places(found), [`arrow ${file}`], `${file} imports ${specifier}`);
  }
});

test('files and exported values that nothing uses are told', () => {
  const found = repository({
    'bin/b.ts': `import { used } from '../src/media/used.ts'; new Worker(new URL('./worker.ts', here));`,
    'bin/worker.ts': '',
    'src/media/used.ts': 'export const used = 1;\nexport function alone() {}\nexport type Free = 1;',
    'src/media/dead.ts': `import './deader.ts';`,
    'src/media/deader.ts': '',
    'test/x.test.ts': `start('script.ts');`,
    'test/scripts/script.ts': '',
  });
  assert.deepEqual(places(checkDeadFiles(found)), ['dead-file src/media/dead.ts', 'dead-file src/media/deader.ts']);
  assert.deepEqual(
    checkUnusedExports(found).map(({ where, line, text }) => `${where}:${line} ${text.split(' ')[0]}`),
    ['src/media/used.ts:2 alone'],
  );
});

test('links that lead nowhere are told', () => {
  const found = repository({
    'README.md':
      '[a](docs/a.md#two-words) [b](docs/) ![c](pic.png "t")\n[web](https://example.org/x) `[d](gone.md)`\n```\n[e](gone.md)\n```\n[f](docs/gone.md)',
    'docs/a.md': '# Two words\n[up](../README.md) [here](#two-words) [not](#three)',
  });
  assert.deepEqual(
    checkLinks(found).map(({ where, line, text }) => `${where}:${line} ${text.split(',')[0]}`),
    ['README.md:1 links to pic.png', 'README.md:6 links to docs/gone.md', 'docs/a.md:2 links to the heading #three'],
  );
  assert.deepEqual(linksOf('[x](<a.md>)'), [{ target: 'a.md', line: 1 }]);
  assert.deepEqual([...headingsOf('## Why `x`, not y?\n')], ['why-x-not-y']);
});

test('what may be nowhere is told', () => {
  const lines = [
    `// ${'TO'}DO later`,
    `open('/wo${''}rk/main')`.replace("''", ''),
    `'/ro'.concat('ot/x')`,
    `https://registry.np${'mjs'}.org/x`,
    'docs/work/x',
    "'./tmp/x'",
  ];
  const found = checkForbidden(repository({ 'src/a.ts': lines.join('\n') }));
  assert.deepEqual(
    found.map(({ rule, line }) => `${line} ${rule}`),
    ['1 unfinished', '2 machine-path', '4 registry-host'],
  );
});

test('an error code is raised somewhere and reached by a test', () => {
  const files = { 'src/model/error-codes.ts': `'SL-1' 'SL-2' 'SL-3'`, 'src/media/a.ts': `'SL-1' 'SL-2'`, 'test/a.test.ts': `'SL-1' 'SL-3'` };
  const found = checkErrorCodes(repository(files), ['SL-1', 'SL-2', 'SL-3']);
  assert.deepEqual(
    found.map(({ text }) => text),
    ['SL-2 is in no test', 'SL-3 is raised nowhere'],
  );
});

test('the lock has no addresses and every optional part', () => {
  const packages = {
    'node_modules/a': { resolved: 'https://x/a.tgz' },
    'node_modules/b': { optionalDependencies: { 'b-linux': '1', 'b-mac': '1', 'b-own': '1' } },
    'node_modules/b-linux': {},
    'node_modules/b/node_modules/b-own': {},
  };
  const found = checkLock(repository({ 'package-lock.json': JSON.stringify({ packages }) }));
  assert.deepEqual(
    found.map(({ text }) => text.split(' ')[0]),
    ['node_modules/a', 'b-mac,'],
  );
});

test('an allowance covers its rule in its file, and an idle one is told', () => {
  const files = repository({ 'bin/b.ts': 'x();\n'.repeat(501) });
  const isAboutSize = (problem: Problem) => problem.rule === 'file-size' || problem.rule === 'allowance';
  const problems = (where: string) => tidyProblems(files, [{ rule: 'file-size', where, reason: 'r' }]).filter(isAboutSize);
  assert.deepEqual(problems('bin/b.ts'), []);
  assert.deepEqual(places(problems('bin/c.ts')), ['file-size bin/b.ts', 'allowance bin/c.ts']);
});
