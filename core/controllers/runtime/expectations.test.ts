import { expect, test } from 'vitest';
import { SteppedClock } from '../../machinery/stepped-clock.ts';
import { Expectations } from './expectations.ts';

function newExpectations() {
  const clock = new SteppedClock();
  return { clock, expectations: new Expectations(clock, 1000) };
}

test('a key nobody expects anything of is satisfied', () => {
  expect(newExpectations().expectations.areSatisfied('default/web')).toBe(true);
});

test('creations are satisfied when each was observed', () => {
  const { expectations } = newExpectations();
  expectations.expectCreations('default/web', 2);
  expectations.creationObserved('default/web');
  expect(expectations.areSatisfied('default/web')).toBe(false);
  expectations.creationObserved('default/web');
  expect(expectations.areSatisfied('default/web')).toBe(true);
});

test('a deletion seen twice counts once', () => {
  const { expectations } = newExpectations();
  expectations.expectDeletions('default/web', ['a', 'b']);
  expectations.deletionObserved('default/web', 'a');
  expectations.deletionObserved('default/web', 'a');
  expect(expectations.areSatisfied('default/web')).toBe(false);
  expectations.deletionObserved('default/web', 'b');
  expect(expectations.areSatisfied('default/web')).toBe(true);
});

test('keys do not disturb each other, and an unexpected creation pays for nothing later', () => {
  const { expectations } = newExpectations();
  expectations.creationObserved('default/web');
  expectations.expectCreations('default/web', 1);
  expectations.creationObserved('default/other');
  expect(expectations.areSatisfied('default/web')).toBe(false);
});

test('an expectation that is never met runs out and leaves nothing for the next', () => {
  const { clock, expectations } = newExpectations();
  expectations.expectCreations('default/web', 3);
  clock.advance(1001);
  expect(expectations.areSatisfied('default/web')).toBe(true);
  expectations.expectDeletions('default/web', ['a']);
  expectations.deletionObserved('default/web', 'a');
  expect(expectations.areSatisfied('default/web')).toBe(true);
});
