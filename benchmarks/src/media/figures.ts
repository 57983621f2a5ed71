import type { PeerId } from '../rows.ts';
import type { LibraryId } from '../worker-process.ts';

/** The libraries whose media is measured. */
export const MEDIA_LIBRARIES: readonly LibraryId[] = ['kaon', 'werift', 'pion'];

/** A line of the media table. */
export interface Line {
  readonly id: string;
  readonly title: string;
  readonly form: 'one process' | 'two processes';
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  readonly published?: number | undefined;
}

/** Samples of each line and library as they come in; null where a library does not have it. */
export class Figures {
  readonly lines = new Map<string, Line>();
  readonly #samples = new Map<string, number[]>();

  add(library: PeerId, line: Line, value: number | null): void {
    this.lines.set(line.id, line);
    if (value === null || !Number.isFinite(value)) return;
    const key = `${library} ${line.id}`;
    this.#samples.set(key, [...(this.#samples.get(key) ?? []), value]);
  }

  of(library: PeerId, line: Line): readonly number[] {
    return this.#samples.get(`${library} ${line.id}`) ?? [];
  }
}
