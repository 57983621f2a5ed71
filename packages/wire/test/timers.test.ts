import { describe, expect, it } from 'vitest';
import { Timers } from '../src/index.ts';

describe('Timers', () => {
  it('next is the earliest deadline, or Infinity', () => {
    const timers = new Timers<'a' | 'b'>();
    expect(timers.next()).toBe(Number.POSITIVE_INFINITY);
    timers.set('a', 20);
    timers.set('b', 10);
    expect(timers.next()).toBe(10);
    timers.set('b', 30);
    expect(timers.next()).toBe(20);
  });

  it('take answers once, from the deadline on', () => {
    const timers = new Timers<'a'>();
    timers.set('a', 10);
    expect(timers.take('a', 9.9)).toBe(false);
    expect(timers.take('a', 10)).toBe(true);
    expect(timers.take('a', 11)).toBe(false);
    expect(timers.isSet('a')).toBe(false);
  });

  it('Infinity clears, as does clear', () => {
    const timers = new Timers<'a' | 'b'>();
    timers.set('a', 1);
    timers.set('a', Number.POSITIVE_INFINITY);
    expect([timers.isSet('a'), timers.at('a')]).toEqual([false, Number.POSITIVE_INFINITY]);
    timers.set('b', 2);
    expect(timers.at('b')).toBe(2);
    timers.clear('b');
    timers.clear('a');
    expect(timers.next()).toBe(Number.POSITIVE_INFINITY);
  });

  it('clearAll clears all', () => {
    const timers = new Timers<'a' | 'b'>();
    timers.set('a', 1);
    timers.set('b', 2);
    timers.clearAll();
    expect([timers.isSet('a'), timers.isSet('b')]).toEqual([false, false]);
  });
});
