import { filmModel, leastSeconds, leastSecondsByStep } from '../fleet/film-model.ts';
import { simulateFleet } from '../fleet/simulate-fleet.ts';
import type { BenchResult } from '../measure.ts';

const FILM_WORKERS = [1, 10, 100, 1000, 10_000];
/** With fewer there is nothing but work: a ratio of 1.00. */
const CATALOGUE_WORKERS = [1000, 10_000];
const WORKERS_PER_TOPIC = 400;
/** As in open-cluster. */
const WINDOW = 512;
const FILM_SECONDS = 7200;
const TITLES = 1000;
const [SHORTEST_SECONDS, LONGEST_SECONDS] = [120, 2700];

/** The product's own decisions and admission with 1 to 10,000 workers, on a virtual clock: how much longer than can be a film and a catalogue take. */
export async function run(): Promise<BenchResult> {
  const film = [filmModel('film', FILM_SECONDS, 1)];
  const catalogue = Array.from({ length: TITLES }, (_, i) =>
    filmModel(`title-${i}`, SHORTEST_SECONDS + ((i * 7919) % TITLES) * ((LONGEST_SECONDS - SHORTEST_SECONDS) / TITLES), i + 2),
  );
  const rowOf = (films: typeof film, workers: number) => {
    const { makespanSeconds, jobs, controlBusySeconds } = simulateFleet(films, { workers, workersPerTopic: WORKERS_PER_TOPIC, window: WINDOW });
    const { chain, work, bound } = leastSeconds(films, workers);
    const byStep = films.length === 1 ? { ratioByStep: makespanSeconds / leastSecondsByStep(films[0], workers) } : {};
    const ratio = makespanSeconds / bound;
    return { workers, ratio, ...byStep, makespanSeconds, chain, workPerWorker: work / workers, jobs, controlBusyShare: controlBusySeconds / makespanSeconds };
  };
  const ofFilm = FILM_WORKERS.map((workers) => rowOf(film, workers));
  const ofCatalogue = CATALOGUE_WORKERS.map((workers) => rowOf(catalogue, workers));
  return {
    name: 'fleet',
    figure: Math.max(...[...ofFilm, ...ofCatalogue].map(({ ratio }) => ratio)),
    target: 1.1,
    detail: { film: ofFilm, catalogue: ofCatalogue },
  };
}
