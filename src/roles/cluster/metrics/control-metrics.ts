import { LIVE_STATES, TITLE_STATES, type Title } from '../../../model/title.ts';
import type { SteeringNote } from '../../../pipeline/steer-titles.ts';
import type { Gauge, Registry } from './registry.ts';
import type { RoleMetrics } from './role-metrics.ts';

/** Ends that are remembered, so that looking at a title again does not count it again. */
const ENDS_KEPT = 10_000;

/** What nobody tells control: it has to be asked for. */
export type Backlog = { readonly pendingEvents: number; readonly deadLetters: ReadonlyMap<string, number> };

export type ControlMetrics = {
  hear(note: SteeringNote): void;
  backlog(found: Backlog): void;
  readonly hasTurn: boolean;
};

/** Figures about titles and jobs are told by the control that has the turn, and by no other: they can be added up over all of them. */
export function controlMetrics(registry: Registry, role: RoleMetrics): ControlMetrics {
  const turn = registry.gauge('sceneline_control_has_turn', 'Whether this control moves titles along (1) or stands by (0).');
  const rounds = registry.counter('sceneline_rounds_total', 'Looks at everything that control made while it had the turn.');
  const live = registry.gauge('sceneline_live_titles', 'Titles on their way, by state.');
  const ends = registry.counter('sceneline_titles_ended_total', 'Titles that came to an end, by state.');
  const ready = registry.gauge('sceneline_ready_jobs', 'Jobs that could be done and are not offered yet, at most 256 of each title.');
  const offered = registry.gauge('sceneline_offered_jobs', 'Jobs offered to workers and not settled: waiting for one or running.');
  const slots = registry.gauge('sceneline_slots', 'Jobs that the announced workers can run at once.');
  const stranded = registry.gauge('sceneline_stranded_jobs', 'Ready jobs of a class that no announced worker takes.');
  const offers = registry.counter('sceneline_offers_total', 'Offers made to workers.');
  const pending = registry.gauge('sceneline_pending_events', 'Events written with their rows and not announced yet, counted up to 1000.');
  const letters = registry.counter('sceneline_dead_letters_total', 'Offers that the brokers gave up.');
  const ofTurn: readonly Gauge[] = [live, ready, offered, slots, stranded, pending];
  const counted = new EndsCounted();
  let hasTurn = false;
  turn.set({}, 0);
  rounds.add({}, 0);
  for (const state of TITLE_STATES) if (!LIVE_STATES.includes(state)) ends.add({ state }, 0);
  const hear = (note: SteeringNote): void => {
    if (note.type === 'turn') {
      hasTurn = note.isOurs;
      turn.set({}, hasTurn ? 1 : 0);
      for (const gauge of ofTurn) gauge.replace([]);
    } else if (note.type === 'round') {
      rounds.add({});
      const byClass = [...note.byClass].map(([job_class, figures]) => [{ job_class }, figures] as const);
      ready.replace(byClass.map(([labels, figures]) => [labels, figures.ready]));
      offered.replace(byClass.map(([labels, figures]) => [labels, figures.offered]));
      slots.replace(byClass.map(([labels, figures]) => [labels, figures.slots]));
      stranded.replace(byClass.map(([labels, figures]) => [labels, figures.slots === 0 ? figures.ready : 0]));
    } else if (note.type === 'swept') live.replace(LIVE_STATES.map((state) => [{ state }, note.byState.get(state) ?? 0]));
    else if (note.type === 'offered') offers.add({ job_class: note.jobClass }, note.jobs);
    else if (note.type === 'title' && counted.isNew(note.title)) ends.add({ state: note.title.state });
    else if (note.type === 'trouble') role.trouble(note.error);
  };
  return {
    hear,
    backlog({ pendingEvents, deadLetters }) {
      pending.set({}, pendingEvents);
      for (const [job_class, count] of deadLetters) letters.reach({ job_class }, count);
    },
    get hasTurn() {
      return hasTurn;
    },
  };
}

class EndsCounted {
  readonly #kept = new Set<string>();

  isNew({ id, rev, state }: Title): boolean {
    if (LIVE_STATES.includes(state)) return false;
    const end = `${id} ${rev}`;
    if (this.#kept.has(end)) return false;
    this.#kept.add(end);
    if (this.#kept.size > ENDS_KEPT) this.#kept.delete(this.#kept.values().next().value!);
    return true;
  }
}
