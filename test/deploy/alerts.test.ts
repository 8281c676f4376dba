import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { headingsOf } from '../../tools/tidy/documents.ts';
import { titleIn } from '../pipeline/samples.ts';
import { evaluate, parseMetrics, type Scrape, secondsOf, selectorsOf } from '../support/promql.ts';
import { ToldFleet } from '../support/told-metrics.ts';
import { parseYaml } from '../support/yaml.ts';

type Rule = { alert: string; expr: string; for: string; labels: { severity: string }; annotations: { summary: string; runbook: string } };

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const { groups } = parseYaml(read('deploy/alerts.yaml')) as unknown as { groups: { name: string; rules: Rule[] }[] };
const RULES = groups.flatMap(({ rules }) => rules);

type State = (fleet: ToldFleet) => Promise<void>;
const TEN_MINUTES = 600;
/** Everything goes on as it should. */
const well: State = (fleet) =>
  fleet.pass(TEN_MINUTES, () => {
    fleet.round({ ready: 3, offered: 4 });
    fleet.job();
  });
/** First all is well, then something happens at every reading. */
const then =
  (happens: (fleet: ToldFleet) => void, seconds = TEN_MINUTES): State =>
  async (fleet) => {
    await well(fleet);
    await fleet.pass(seconds, () => happens(fleet));
  };

/** For each alert how it comes to fire, and something alike with which it must not. */
const STORIES: { readonly [alert: string]: { readonly fires: State; readonly rests: State } } = {
  ScenelineNobodyHasTheTurn: {
    fires: then(({ control }) => control.metrics.hear({ type: 'turn', isOurs: false })),
    rests: then((fleet) => fleet.round()),
  },
  ScenelineControlStandsStill: { fires: then(() => {}), rests: then((fleet) => fleet.round({ offered: 0 })) },
  ScenelineNoProgress: {
    fires: then((fleet) => fleet.round({ offered: 4 }), 2100),
    rests: then((fleet) => fleet.round({ offered: 0 }), 2100),
  },
  ScenelineServerTrouble: {
    fires: then(({ worker }) => worker.role.trouble(Object.assign(new Error('away'), { code: 'SL-161' }))),
    rests: async (fleet) => {
      await well(fleet);
      fleet.control.role.trouble(Object.assign(new Error('away'), { code: 'SL-145' }));
      await well(fleet);
    },
  },
  ScenelineEventsWait: {
    fires: then(({ control }) => control.metrics.backlog({ pendingEvents: 7, deadLetters: new Map() })),
    rests: async (fleet) => {
      await then(({ control }) => control.metrics.backlog({ pendingEvents: 7, deadLetters: new Map() }), 60)(fleet);
      await well(fleet);
    },
  },
  ScenelineJobsStranded: { fires: then((fleet) => fleet.round({ ready: 9, slots: 0 })), rests: then((fleet) => fleet.round({ ready: 9, slots: 1 })) },
  ScenelineTitlesFail: {
    fires: then(({ control }) => control.metrics.hear({ type: 'title', title: titleIn('failed') })),
    rests: then(({ control }) => {
      for (const state of ['published', 'refused', 'cancelled', 'encoding'] as const)
        control.metrics.hear({ type: 'title', title: titleIn(state, { id: state }) });
    }),
  },
  ScenelineAttemptsFail: {
    fires: then((fleet) => fleet.job('failed'), 60),
    rests: then((fleet) => fleet.job('lost'), 60),
  },
  ScenelineJobsLost: { fires: then((fleet) => fleet.job('done', { losses: 1 })), rests: then((fleet) => fleet.job('done', { losses: 1 }), 15) },
  ScenelineOffersGivenUp: {
    fires: then(({ control }) => control.metrics.backlog({ pendingEvents: 0, deadLetters: new Map([['b-h264-any', 2]]) }), 60),
    rests: then(({ control }) => control.metrics.backlog({ pendingEvents: 0, deadLetters: new Map([['b-h264-any', 0]]) }), 60),
  },
  ScenelineScratchNearlyFull: { fires: async (fleet) => void fleet.scrapes.push(disk(5)), rests: async (fleet) => void fleet.scrapes.push(disk(50)) },
};

function disk(freePercent: number): Scrape {
  return { atSeconds: 0, instance: 'w', text: `sceneline_scratch_free_bytes ${freePercent}\nsceneline_scratch_size_bytes 100\n` };
}

test('each alert has a story, a time, a severity and words', () => {
  assert.deepEqual(
    RULES.map(({ alert }) => alert),
    Object.keys(STORIES).sort((a, b) => RULES.findIndex(({ alert }) => alert === a) - RULES.findIndex(({ alert }) => alert === b)),
  );
  for (const rule of RULES) {
    assert.ok(secondsOf(rule.for) <= TEN_MINUTES, rule.alert);
    assert.ok(['page', 'ticket'].includes(rule.labels.severity), rule.alert);
    assert.match(rule.annotations.summary, /^[^:]{20,120}\.$/);
  }
});

for (const { alert, expr } of RULES) {
  test(`${alert} fires when it must, and only then`, async () => {
    for (const [how, isFiring] of [
      ['fires', true],
      ['rests', false],
    ] as const) {
      const fleet = new ToldFleet();
      await STORIES[alert][how](fleet);
      const series = evaluate(expr, fleet.scrapes, fleet.nowSeconds);
      assert.equal(series.length > 0, isFiring, `${how}: ${JSON.stringify(series)}`);
    }
  });
}

test('a cluster that works fires nothing', async () => {
  const fleet = new ToldFleet();
  await well(fleet);
  const firing = RULES.filter(({ alert, expr }) => alert !== 'ScenelineScratchNearlyFull' && evaluate(expr, fleet.scrapes, fleet.nowSeconds).length > 0);
  assert.deepEqual(firing, []);
});

test('every metric and label that an alert asks for is told by some role', async () => {
  const fleet = new ToldFleet();
  await well(fleet);
  const told = new Map<string, Set<string>>();
  for (const { name, labels } of fleet.scrapes.flatMap(({ text }) => parseMetrics(text))) {
    told.set(name, (told.get(name) ?? new Set()).union(new Set(Object.keys(labels))));
  }
  for (const { alert, expr } of RULES) {
    const by = [...expr.matchAll(/by \(([^)]*)\)/g)].flatMap((match) => match[1].split(',').map((label) => label.trim()));
    for (const { name, labels } of selectorsOf(expr)) {
      for (const label of [...labels, ...by]) assert.ok(told.get(name)?.has(label), `${alert}: ${name} has no label ${label}`);
      assert.ok(told.has(name), `${alert}: nobody tells ${name}`);
    }
  }
});

test('each alert has its runbook, and each runbook its alert', () => {
  const page = read('docs/runbooks.md');
  const anchors = headingsOf(page.replace(/^#[^#].*$/m, '').replace(/^#{3,} .*$/gm, ''));
  assert.deepEqual(RULES.map(({ annotations }) => annotations.runbook).sort(), [...anchors].map((anchor) => `docs/runbooks.md#${anchor}`).sort());
  for (const section of page.split(/^## /m).slice(1)) {
    for (const part of ['**Means.**', '**Look.**', '**Do.**']) assert.ok(section.includes(part), `${section.split('\n')[0]} has no ${part}`);
  }
});

test('what is beyond the part of PromQL and of the text format that is read here is refused, not misread', () => {
  const beyond = [
    'a or b',
    'a unless b',
    'sum without (x) (a)',
    'quantile_over_time(a[5m])',
    'rate(a)',
    'a offset 5m',
    'a[5m]',
    'a{b=~"c"}',
    'a > b',
    'a +',
    'a)',
    '',
  ];
  for (const expression of beyond) {
    const scrapes = [0, 15].map((atSeconds) => ({ atSeconds, instance: 'i', text: 'a{b="c"} 1\nb 1\n' }));
    assert.throws(() => evaluate(expression, scrapes, 15), Error, expression);
  }
  for (const line of ['a', 'a {b="c"} 1', 'a{b="c} 1', 'a{b="c"}1', 'A-b 1', '# TYPE a what', 'a 1 extra'])
    assert.throws(() => parseMetrics(line), Error, line);
});
