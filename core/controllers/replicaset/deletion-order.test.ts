import { describe, expect, test } from 'vitest';
import { builtAtMs, pod } from '../../../test/builders/index.ts';
import { podsToDelete } from './deletion-order.ts';

const nowMs = builtAtMs + 3_600_000;
const assigned = (name: string) => pod().named(name).onNode('a');

/** The Pod that goes first of these two, whichever comes first. */
function first(a: ReturnType<typeof pod>, b: ReturnType<typeof pod>, ...others: ReturnType<typeof pod>[]) {
  const [one, two] = [a.build(), b.build()];
  const related = [one, two, ...others.map((builder) => builder.build())];
  const forward = podsToDelete([one, two], related, 1, nowMs)[0]?.metadata.name;
  const backward = podsToDelete([two, one], related, 1, nowMs)[0]?.metadata.name;
  expect(forward).toBe(backward);
  return forward;
}

describe('the Pod that is missed least', () => {
  test('has no node yet', () => {
    expect(first(pod().named('new').ready(), assigned('placed'))).toBe('new');
  });

  test('is pending rather than running', () => {
    expect(first(assigned('pending'), assigned('running').notReady())).toBe('pending');
  });

  test('is not Ready', () => {
    expect(first(assigned('waiting').notReady(), assigned('serving').ready())).toBe('waiting');
  });

  test('is the cheaper by annotation; what is no number counts as nothing', () => {
    const cost = (value: string) => ({ 'controller.kubernetes.io/pod-deletion-cost': value });
    const dear = assigned('dear').ready().annotated(cost('10'));
    expect(first(dear, assigned('cheap').ready().annotated(cost('-5')))).toBe('cheap');
    expect(first(dear, assigned('odd').ready().annotated(cost('+7e3')))).toBe('odd');
  });

  test('shares its node with more of its kind', () => {
    const alone = pod().named('alone').onNode('b').ready();
    expect(first(assigned('doubled').ready(), alone, assigned('other').ready())).toBe('doubled');
  });

  test('became Ready much later', () => {
    const veteran = assigned('veteran').ready(builtAtMs);
    expect(first(veteran, assigned('novice').ready(nowMs - 60_000))).toBe('novice');
  });

  test('restarted more often', () => {
    expect(first(assigned('steady').ready().restarted(0), assigned('shaky').ready().restarted(3))).toBe(
      'shaky',
    );
  });

  test('is much younger', () => {
    expect(
      first(
        assigned('old').ready(),
        assigned('young')
          .ready()
          .createdAt(nowMs - 1000),
      ),
    ).toBe('young');
  });

  test('is the one with the lower UID where nothing else tells them apart', () => {
    const twin = assigned('twin')
      .ready()
      .createdAt(builtAtMs + 1000);
    expect(first(assigned('other').ready().withUid('b'), twin.withUid('a'))).toBe('twin');
  });
});

test('all go when as many are asked for', () => {
  const pods = [assigned('a').build(), assigned('b').build()];
  expect(podsToDelete(pods, pods, 2, nowMs)).toHaveLength(2);
});
