import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseSdp, serializeSdp } from '../src/index.ts';

const folder = new URL('./vectors/', import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith('.sdp'));

describe('what Chromium, Firefox and Safari write', () => {
  it.each(names)('%s comes back unchanged', (name) => {
    const text = readFileSync(new URL(name, folder), 'utf8');
    expect(serializeSdp(parseSdp(text))).toBe(text);
  });
});
