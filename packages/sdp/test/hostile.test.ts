import { isMalformed } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { decodeSdp, serializeSdp } from '../src/index.ts';
import { sample } from './helpers/samples.ts';

/** Everything that looks at a peer's text. */
function feed(text: string): void {
  const result = decodeSdp(text);
  if (isMalformed(result)) expect('line' in result && result.line >= 1 && result.reason !== '').toBe(true);
  else serializeSdp(result);
}

describe.each(['chromium-default-data.sdp', 'firefox-default-data.sdp', 'safari-data.sdp'])('%s', (name) => {
  const text = sample(name);

  it('every prefix is survived', () => {
    for (let length = 0; length < text.length; length++) feed(text.slice(0, length));
  });

  it('every flipped bit is survived', () => {
    for (let i = 0; i < text.length; i++) {
      for (let bit = 0; bit < 8; bit++) {
        feed(text.slice(0, i) + String.fromCharCode(text.charCodeAt(i) ^ (1 << bit)) + text.slice(i + 1));
      }
    }
  });

  it('every line left out, doubled or emptied is survived', () => {
    const lines = text.split('\r\n');
    for (let i = 0; i < lines.length; i++) {
      feed(lines.toSpliced(i, 1).join('\r\n'));
      feed(lines.toSpliced(i, 0, lines[i]!).join('\r\n'));
      feed(lines.toSpliced(i, 1, lines[i]!.slice(0, 2)).join('\r\n'));
    }
  });
});

it('every line of a long description cut anywhere is survived', () => {
  const lines = sample('chromium-default-av-data.sdp').split('\r\n');
  for (let i = 0; i < lines.length; i++) {
    for (let length = 0; length < lines[i]!.length; length += 3) {
      feed(
        [...lines.slice(0, 4), lines.find((line) => line.startsWith('m='))!, lines[i]!.slice(0, length)].join('\r\n'),
      );
    }
  }
});

it('a description of a million characters takes a moment, whatever they are', () => {
  const start = 'v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n';
  for (const piece of ['a', 'a=', ' ', '\n', '\r', ';', '0', 'a=x\n', 'a=fmtp:0 ;;;\n', 'm=a 0 b c\n', 'a=group:A ']) {
    feed(start + piece.repeat(Math.floor(1_000_000 / piece.length)));
  }
});
