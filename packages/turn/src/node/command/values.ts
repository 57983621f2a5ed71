import { parseArgs } from 'node:util';
import { FLAG_BY_NAME, type Flag } from './flags.ts';

/** What is wrong with the command line or a file it names, in words for the one who wrote it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Values by the long names of the flags: text, numbers, `true`, or lists of text. */
export type Values = ReadonlyMap<string, string | number | boolean | readonly string[]>;

/** Reads a command line. Throws `UsageError` on what `FLAGS` does not have, or has otherwise. */
export function parseFlags(args: readonly string[]): Values {
  const options: Record<string, { type: 'string' | 'boolean'; short?: string; multiple: boolean }> = {};
  for (const { name, short, kind, multiple } of FLAG_BY_NAME.values()) {
    options[name] = {
      type: kind === 'switch' ? 'boolean' : 'string',
      multiple: multiple ?? false,
      ...(short === undefined ? {} : { short }),
    };
  }
  const { values, positionals } = split(args, options);
  if (positionals.length > 0) throw new UsageError(`Unexpected argument "${positionals[0]}"`);
  const found = new Map<string, string | number | boolean | readonly string[]>();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) found.set(name, check(FLAG_BY_NAME.get(name) as Flag, value, `--${name}`));
  }
  return found;
}

/** Reads a configuration file's text. Throws `UsageError`, which names `file`, on bad JSON and unknown or unfit members. */
export function parseConfig(text: string, file: string): Values {
  const found = new Map<string, string | number | boolean | readonly string[]>();
  for (const [name, value] of Object.entries(parseJsonObject(text, file))) {
    const flag = FLAG_BY_NAME.get(name);
    if (flag === undefined || NOT_IN_FILES.has(name)) throw new UsageError(`${file}: there is no setting "${name}"`);
    found.set(name, check(flag, value, `${file}: "${name}"`));
  }
  return found;
}

/** Texts by name, such as passwords or keys, from a JSON text. `what` one of them is. Throws `UsageError`, which names `file`. */
export function parseTexts(text: string, file: string, what: string): Readonly<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(parseJsonObject(text, file))) {
    if (typeof value !== 'string') throw new UsageError(`${file}: the ${what} of "${name}" must be text`);
    texts[name] = value;
  }
  return texts;
}

const NOT_IN_FILES: ReadonlySet<string> = new Set(['config', 'help', 'version']);

function split(
  args: readonly string[],
  options: Parameters<typeof parseArgs>[0] extends infer _ ? Record<string, object> : never,
) {
  try {
    return parseArgs({ args: [...args], options: options as never, strict: true, allowPositionals: true }) as {
      values: Record<string, string | boolean | (string | boolean)[] | undefined>;
      positionals: string[];
    };
  } catch (error) {
    // The first sentence says what is wrong; what follows is advice about positional arguments.
    throw new UsageError(error instanceof Error ? (error.message.split(/\.\s/)[0] as string) : String(error));
  }
}

function parseJsonObject(text: string, file: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError(`${file}: there must be one object, { ... }`);
  }
  return value as Record<string, unknown>;
}

function check(
  { kind, multiple, range }: Flag,
  value: unknown,
  where: string,
): string | number | boolean | readonly string[] {
  if (kind === 'switch') {
    if (typeof value !== 'boolean') throw new UsageError(`${where} must be true or false`);
    return value;
  }
  if (multiple === true) {
    const list = Array.isArray(value) ? value : [value];
    if (!list.every((one) => typeof one === 'string' && one !== ''))
      throw new UsageError(`${where} must be text or a list of texts`);
    return list as string[];
  }
  if (kind === 'text') {
    if (typeof value !== 'string' || value === '') throw new UsageError(`${where} must be text`);
    return value;
  }
  const [least, greatest] = range as readonly [number, number];
  const amount = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof amount !== 'number' || !Number.isSafeInteger(amount) || amount < least || amount > greatest) {
    const upTo = greatest === Number.MAX_SAFE_INTEGER ? `at least ${least}` : `from ${least} to ${greatest}`;
    throw new UsageError(`${where} must be a whole number ${upTo}, not ${JSON.stringify(value)}`);
  }
  return amount;
}
