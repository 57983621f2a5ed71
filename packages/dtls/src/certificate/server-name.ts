import { addressToBytes, equalBytes } from '@kaon/wire';
import type { ChainCertificate, Name } from './chain-certificate.ts';

/**
 * Whether a certificate is for this server: a name by its subjectAltNames, with a wildcard as the whole first label (RFC 9525
 * §6.3), an address byte for byte (§6.5). The common name does not count (§6.1).
 */
export function isFor({ names }: ChainCertificate, server: string): boolean {
  const bytes = addressToBytes(server);
  if (bytes !== undefined) return names.some((name) => name.type === 'address' && equalBytes(name.bytes, bytes));
  const labels = labelsOf(server);
  return names.some((name) => name.type === 'dns' && matches(labelsOf(name.name), labels));
}

/** What the constraints of an authority say about a name of a certificate below it (RFC 5280 §4.2.1.10). */
export function isWithin(name: Name, permitted: readonly Name[], excluded: readonly Name[]): boolean {
  const ofItsKind = permitted.filter((one) => isSameKind(one, name));
  if (ofItsKind.length > 0 && !ofItsKind.some((tree) => contains(tree, name))) return false;
  // What is not understood is not known to be outside.
  return !excluded.some((tree) => isSameKind(tree, name) && (name.type === 'other' || contains(tree, name)));
}

function matches(pattern: readonly string[], labels: readonly string[]): boolean {
  if (pattern.length !== labels.length || labels.some((label) => label === '')) return false;
  const isWild = pattern[0] === '*' && pattern.length > 2;
  return pattern.every((label, i) => label === labels[i] || (i === 0 && isWild));
}

function isSameKind(a: Name, b: Name): boolean {
  return a.type === b.type && (a.type !== 'other' || (b.type === 'other' && a.tag === b.tag));
}

function contains(tree: Name, name: Name): boolean {
  switch (tree.type) {
    case 'dns': {
      if (name.type !== 'dns') return false;
      const [outer, inner] = [labelsOf(tree.name.replace(/^\./, '')), labelsOf(name.name)];
      if (tree.name === '') return true;
      return (
        outer.length <= inner.length && outer.every((label, i) => label === inner[inner.length - outer.length + i])
      );
    }
    case 'address': {
      const size = tree.bytes.length / 2;
      if (name.type !== 'address' || name.bytes.length !== size) return false;
      const { bytes } = name;
      return bytes.every((byte, i) => ((byte ^ (tree.bytes[i] ?? 0)) & (tree.bytes[size + i] ?? 0)) === 0);
    }
    case 'directory':
      return name.type === 'directory' && tree.parts.every((part, i) => part === name.parts[i]);
    default:
      return false;
  }
}

/** Lower case, without the dot of the root. */
function labelsOf(name: string): readonly string[] {
  return name.replace(/\.$/, '').toLowerCase().split('.');
}
