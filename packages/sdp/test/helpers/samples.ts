import { readdirSync, readFileSync } from 'node:fs';

const folder = new URL('../vectors/', import.meta.url);

/** Names of all sample descriptions. */
export const names: readonly string[] = readdirSync(folder).filter((name) => name.endsWith('.sdp'));

/** The text of a sample. */
export function sample(name: string): string {
  return readFileSync(new URL(name, folder), 'utf8');
}

/** Lines with CRLF behind each. */
export function lines(...of: readonly string[]): string {
  return of.map((line) => `${line}\r\n`).join('');
}

/** The least that is a description. */
export const MINIMUM: readonly string[] = ['v=0', 'o=- 1 2 IN IP4 127.0.0.1', 's=-', 't=0 0'];
