import { randomInt } from 'node:crypto';
import type { Random } from '../../ports/clock.ts';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
const ID_LENGTH = 16;

/** Ids nobody can guess: 82 bits from the system's generator. */
export class SystemRandom implements Random {
  id(): string {
    return Array.from({ length: ID_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
  }
}
