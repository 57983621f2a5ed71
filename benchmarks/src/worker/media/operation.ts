import type { Inputs } from '../../media/inputs.ts';

/** Something that is done over and over. */
export interface Operation {
  /** What is done before each stretch and not measured. */
  prepare?(): void;
  /** A stretch of about a millisecond at most; returns how many operations it had. */
  run(): number;
}

/** The operations of a library by their id; those that it cannot do are left out. */
export type Operations = Readonly<Record<string, (inputs: Inputs) => Operation>>;

/** Operations per second, after a warm-up. */
export function rate(operation: Operation, warmup: number, seconds: number): number {
  const begin = performance.now() + warmup * 1000;
  const limit = begin + 4 * seconds * 1000;
  let count = 0;
  for (let spent = 0; ; ) {
    operation.prepare?.();
    const start = performance.now();
    const done = operation.run();
    const end = performance.now();
    if (start < begin) continue;
    count += done;
    spent += end - start;
    if (spent >= seconds * 1000 || end > limit) return (count * 1000) / spent;
  }
}

/** The bytes of an input, each in memory of its own. */
export function bytesOf(inputs: Inputs, name: string): Uint8Array<ArrayBuffer>[] {
  const list = inputs[name];
  if (list === undefined) throw new Error(`no input ${name}`);
  return list.map((text) => new Uint8Array(Buffer.from(text, 'base64')));
}

export function firstOf(inputs: Inputs, name: string): Uint8Array<ArrayBuffer> {
  const [first] = bytesOf(inputs, name);
  if (first === undefined) throw new Error(`input ${name} is empty`);
  return first;
}

export function textOf(inputs: Inputs, name: string): string {
  return new TextDecoder().decode(firstOf(inputs, name));
}

/** Where results end up, so that no compiler leaves out what they were made for. */
const kept: { value: unknown; sum: number } = { value: undefined, sum: 0 };

/** Takes a number. */
export function use(value: number): void {
  kept.sum = (kept.sum + value) | 0;
}

/** Takes an object: it has to be made. */
export function keep(value: unknown): void {
  kept.value = value;
}
