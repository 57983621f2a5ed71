import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Deque } from '../src/index.ts';

describe('Deque', () => {
  it('does what an array does', () => {
    const step = fc.oneof(
      fc.record({ push: fc.integer() }),
      fc.record({ unshift: fc.integer() }),
      fc.constantFrom('shift', 'pop', 'peek', 'clear'),
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20 }), fc.array(step, { size: 'large' }), (capacity, steps) => {
        const deque = new Deque<number>(capacity);
        const array: number[] = [];
        for (const each of steps) {
          if (typeof each === 'object' && 'push' in each) {
            deque.push(each.push);
            array.push(each.push);
          } else if (typeof each === 'object') {
            deque.unshift(each.unshift);
            array.unshift(each.unshift);
          } else if (each === 'shift') expect(deque.shift()).toBe(array.shift());
          else if (each === 'pop') expect(deque.pop()).toBe(array.pop());
          else if (each === 'peek') expect(deque.peek()).toBe(array[0]);
          else {
            deque.clear();
            array.length = 0;
          }
          expect(deque.length).toBe(array.length);
        }
        expect([...deque]).toEqual(array);
        for (let i = -1; i <= array.length; i++) expect(deque.at(i)).toBe(array[i]);
      }),
    );
  });

  it('wraps around many times without growing', () => {
    const deque = new Deque<number>(4);
    for (let i = 0; i < 1000; i++) {
      deque.push(i);
      if (i >= 3) expect(deque.shift()).toBe(i - 3);
    }
    expect([...deque]).toEqual([997, 998, 999]);
  });
});
