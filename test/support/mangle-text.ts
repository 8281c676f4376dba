/** Small reproducible random numbers in [0, 1) (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Every beginning of a text, then texts with characters replaced, doubled or taken out. */
export function* mangledTexts(text: string, count: number, seed = 1): Generator<string> {
  for (let end = 0; end < text.length; end++) yield text.slice(0, end);
  const random = seededRandom(seed);
  const pool = `${text}<>&"'\u0000\ud800\ufeff9e-=@,:#`;
  for (let i = 0; i < count; i++) {
    const letters = [...text];
    for (let changes = 1 + Math.floor(random() * 4); changes > 0; changes--) {
      const at = Math.floor(random() * letters.length);
      const how = random();
      if (how < 0.6) letters[at] = pool[Math.floor(random() * pool.length)];
      else if (how < 0.8) letters.splice(at, 1 + Math.floor(random() * 20));
      else letters.splice(at, 0, ...letters.slice(at, at + 30));
    }
    yield letters.join('');
  }
}
