import { type MediaInput, sourceArguments } from '../../model/media-input.ts';

/** One packet of a track as the container lists it. */
export type ListedPacket = {
  /** Null when the container gives none. */
  readonly ptsTicks: number | null;
  readonly durationTicks: number;
  readonly isKey: boolean;
  /** Decoded but not shown: cut off by an edit list. */
  readonly isDiscarded: boolean;
  readonly isEncrypted: boolean;
};

/** Arguments of ffprobe that list a track's packets, one line each. */
export function packetListingArgs(source: MediaInput, streamIndex: number): readonly string[] {
  const entries = 'packet=pts,dts,duration,flags:packet_side_data=side_data_type';
  return ['-select_streams', String(streamIndex), '-show_entries', entries, '-of', 'csv=p=0:nk=1', ...sourceArguments(source)];
}

/**
 * Reads `pts,dts,duration,flags[,side data…]`; null for the lines in between that carry only side data.
 * Throws RangeError on anything else.
 */
export function parsePacketLine(line: string): ListedPacket | null {
  const fields = line.split(',');
  if (fields.length < 4) {
    if (/^[A-Za-z0-9 /().-]*,*$/.test(line)) return null;
    throw new RangeError(`packet list: "${line.slice(0, 80)}" is not a packet`);
  }
  const [pts, dts, duration, flags] = fields;
  if (!/^[K_][D_]?[C_]?$/.test(flags)) throw new RangeError(`packet list: flags "${flags.slice(0, 20)}" are unknown`);
  ticksOrNull(dts);
  return {
    ptsTicks: ticksOrNull(pts),
    durationTicks: Math.max(0, ticksOrNull(duration) ?? 0),
    isKey: flags[0] === 'K',
    isDiscarded: flags[1] === 'D',
    isEncrypted: line.includes('Encryption info'),
  };
}

function ticksOrNull(field: string): number | null {
  if (field === 'N/A') return null;
  if (!/^-?\d{1,19}$/.test(field)) throw new RangeError(`packet list: "${field.slice(0, 30)}" is not a time`);
  const ticks = Number(field);
  if (!Number.isSafeInteger(ticks)) throw new RangeError(`packet list: time ${field} is out of range`);
  return ticks;
}
