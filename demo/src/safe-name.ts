/** File names that somebody else chose, made fit for our disk. */

const LONGEST = 200;

/**
 * The last part of a name, without what some file system refuses: control characters, `<>:"|?*`, dots or spaces at the
 * end, device names of Windows, more than 200 bytes. Never empty, `.` or `..`.
 */
export function safeName(name: string): string {
  const last = name.normalize('NFC').toWellFormed().split(/[/\\]/).at(-1) ?? '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must go
  const plain = last.replaceAll(/[\u0000-\u001f\u007f<>:"|?*]/g, '_').replace(/[. ]+$/, '');
  const short = shorten(plain.trimStart());
  return short === '' ? 'unnamed' : /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i.test(short) ? `_${short}` : short;
}

/** `name (2).ext` and so on, until `isTaken` is content. */
export function freeName(name: string, isTaken: (name: string) => boolean): string {
  const [stem, extension] = split(name);
  let free = name;
  for (let n = 2; isTaken(free); n++) free = `${stem} (${n})${extension}`;
  return free;
}

/** Cuts the stem, by whole characters, and keeps the extension. */
function shorten(name: string): string {
  if (Buffer.byteLength(name) <= LONGEST) return name;
  const [stem, extension] = split(name);
  const kept = Buffer.byteLength(extension) < 20 ? extension : '';
  const characters = [...(kept === '' ? name : stem)];
  while (Buffer.byteLength(characters.join('')) + Buffer.byteLength(kept) > LONGEST) characters.pop();
  return characters.join('') + kept;
}

function split(name: string): [stem: string, extension: string] {
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? [name, ''] : [name.slice(0, dot), name.slice(dot)];
}
