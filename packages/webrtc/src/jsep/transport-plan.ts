import type { Configuration } from '../configuration.ts';

/** A section as far as its transport is concerned. */
export interface PlannedSection {
  readonly mid: string;
  readonly kind: string;
  /** Whether it has a transport that was agreed on. */
  readonly agreed: boolean;
}

/** How a section of an offer is transported. */
export interface TransportShare {
  /** Mid of the section whose transport it is. */
  readonly owner: string;
  /** Without a transport of its own: if the peer does not bundle, the section is not used (RFC 9143 §6). */
  readonly bundleOnly: boolean;
}

/**
 * Which sections of an offer have transports of their own, and which are bundled (RFC 8829 §5.2, RFC 9143 §7.2). `bundled`
 * are the mids that the last answer bundled; what is new joins them.
 */
export function planOffer(
  sections: readonly PlannedSection[],
  policy: Configuration['bundlePolicy'],
  bundled: readonly string[],
): { readonly shares: ReadonlyMap<string, TransportShare>; readonly bundle: readonly string[] } {
  const shares = new Map<string, TransportShare>();
  const kinds = new Set<string>();
  const group = sections.find(({ mid, agreed }) => agreed && bundled.includes(mid));
  // The first that has one of its own, for those that have none.
  let first = group?.mid;
  for (const { mid, kind, agreed } of sections) {
    const isFirstOfKind = !kinds.has(kind);
    kinds.add(kind);
    if (agreed) {
      first ??= mid;
      shares.set(mid, { owner: mid, bundleOnly: false });
    } else if (group !== undefined) shares.set(mid, { owner: group.mid, bundleOnly: false });
    else if (first === undefined || policy === 'max-compat' || (policy === 'balanced' && isFirstOfKind)) {
      first ??= mid;
      shares.set(mid, { owner: mid, bundleOnly: false });
    } else shares.set(mid, { owner: first, bundleOnly: true });
  }
  // What was agreed on outside of the bundle stays there.
  const bundle = sections.filter(({ mid, agreed }) => group === undefined || !agreed || bundled.includes(mid));
  return { shares, bundle: bundle.map(({ mid }) => mid) };
}

/** Which sections of an offer may be taken: with `max-bundle`, only one transport is used (RFC 8829 §5.3.1). */
export function bundleAllows(
  policy: Configuration['bundlePolicy'],
  group: readonly string[] | undefined,
  firstUsed: { readonly mid: string | undefined; readonly group: readonly string[] | undefined } | undefined,
  bundleOnly: boolean,
): boolean {
  if (bundleOnly && group === undefined) return false;
  if (policy !== 'max-bundle' || firstUsed === undefined) return true;
  // Groups have no mid in common (RFC 9143 §7.1).
  return group !== undefined && group[0] === firstUsed.group?.[0];
}
