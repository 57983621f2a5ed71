import { describe, expect, it } from 'vitest';
import { codeOnly, importsOf, withoutComments } from '../src/scan.ts';
import { allPackages, type Package, publishedPackages, sources } from '../src/workspace.ts';

/** How a source shows that it implements a seam. */
const EVIDENCE: Readonly<Record<string, RegExp>> = {
  'core/1': /\bimplements\s+[^{]*\b(?:Core|DatagramCore)\b/,
  'secure-transport/1': /\binterface\s*[:=]\s*'kaon:secure-transport\/1'/,
  'message-streams/1': /\binterface\s*[:=]\s*'kaon:message-streams\/1'/,
  'crypto/1': /\binterface\s*[:=]\s*'kaon:crypto\/1'/,
  'rtp/1': /\bimplements\s+[^{]*\bRtpPacketView\b/,
  'interceptor/1': /\binterface\s*[:=]\s*'kaon:interceptor\/1'/,
  'network/1': /\binterface\s*[:=]\s*'kaon:(?:network|udp-socket|clock)\/1'/,
};

function provided(each: Package): string[] {
  const texts = sources(each, 'src').map(({ text }) => withoutComments(text));
  return Object.keys(EVIDENCE).filter((seam) => texts.some((text) => EVIDENCE[seam]!.test(text)));
}

function used(each: Package): string[] {
  const seams = sources(each, 'src').flatMap(({ text }) =>
    importsOf(text).flatMap(({ specifier }) => {
      const match = /^@kaon\/interface\/([\w-]+)\/v(\d+)$/.exec(specifier);
      return match === null ? [] : [`${match[1]}/${match[2]}`];
    }),
  );
  return [...new Set(seams)];
}

describe('what packages provide and require', () => {
  const stating = publishedPackages().filter(({ manifest }) => manifest.kaon !== undefined);

  it('every package that knows a seam states it', () => {
    const silent = publishedPackages().filter((each) => each.manifest.kaon === undefined && used(each).length > 0);
    // Wire has types of core/1 in its helpers and is no party to any seam.
    expect(silent.map(({ short }) => short)).toEqual(['wire']);
  });

  it.each(stating)('$name provides what it says', (each) => {
    expect([...each.manifest.kaon!.provides].sort()).toEqual(provided(each).sort());
  });

  it.each(stating)('$name requires what it says', (each) => {
    // Tracing is optional everywhere, and what one provides one need not get from elsewhere.
    const { provides, requires } = each.manifest.kaon!;
    const needed = used(each).filter((seam) => seam !== 'trace/1' && !provides.includes(seam));
    // An assembly gets a seam by the package that provides it, without naming its types.
    const siblings = publishedPackages().filter(({ name }) => name in (each.manifest.dependencies ?? {}));
    const brought = siblings.flatMap(({ manifest }) => manifest.kaon?.provides ?? []);
    expect(requires.filter((seam) => !used(each).includes(seam) && !brought.includes(seam))).toEqual([]);
    expect(needed.filter((seam) => !requires.includes(seam))).toEqual([]);
  });
});

describe('@kaon/interface', () => {
  const own = allPackages().find(({ short }) => short === 'interface')!;

  it.each(sources(own, 'src'))('$path is types only, and nothing in it is nominal', ({ text }) => {
    const code = codeOnly(text);
    expect(code).not.toMatch(/\b(?:class|enum|namespace|unique\s+symbol)\b/);
    expect(code).not.toMatch(/^export\s+(?:const|let|var|function|default)\b/m);
    for (const { typeOnly } of importsOf(text)) expect(typeOnly).toBe(true);
  });

  it('every seam that is implemented by one object carries a tag with its version', () => {
    const tags = sources(own, 'src').flatMap(({ path, text }) =>
      [...text.matchAll(/readonly interface: '(kaon:[\w-]+\/(\d+))'/g)].map(([, tag, version]) => ({
        path,
        tag,
        version,
      })),
    );
    expect(tags.map(({ tag }) => tag).sort()).toEqual(
      [
        'kaon:byte-stream/1',
        'kaon:clock/1',
        'kaon:crypto/1',
        'kaon:interceptor/1',
        'kaon:message-streams/1',
        'kaon:network/1',
        'kaon:secure-transport/1',
        'kaon:stream-listener/1',
        'kaon:udp-socket/1',
      ].sort(),
    );
    for (const { path, version } of tags) expect(path).toMatch(new RegExp(`/v${version}\\.ts$`));
  });
});
