import type { Taint, Toleration } from './generated/core-v1.ts';

type Effect = Taint['effect'];

export function tolerates(
  tolerations: readonly Toleration[] | undefined,
  taint: Pick<Taint, 'key' | 'value' | 'effect'>,
): boolean {
  return tolerations?.some((toleration) => toleratesOne(toleration, taint)) ?? false;
}

/** The first taint of one of the effects that nothing tolerates. */
export function untolerated(
  taints: readonly Taint[] | undefined,
  tolerations: readonly Toleration[] | undefined,
  effects: readonly Effect[],
): Taint | undefined {
  return taints?.find((taint) => effects.includes(taint.effect) && !tolerates(tolerations, taint));
}

/** An absent effect or key stands for all (upstream: core/v1/toleration.go, ToleratesTaint). */
function toleratesOne(toleration: Toleration, taint: Pick<Taint, 'key' | 'value' | 'effect'>): boolean {
  const { effect, key, operator, value = '' } = toleration;
  if (effect && effect !== taint.effect) return false;
  if (key && key !== taint.key) return false;
  switch (operator ?? 'Equal') {
    case 'Exists':
      return true;
    case 'Equal':
      return value === (taint.value ?? '');
    case 'Lt':
      return compareIntegers(taint.value, value, (a, b) => a < b);
    case 'Gt':
      return compareIntegers(taint.value, value, (a, b) => a > b);
    default:
      return false;
  }
}

function compareIntegers(
  a: string | undefined,
  b: string,
  compare: (a: bigint, b: bigint) => boolean,
): boolean {
  const integer = /^-?\d{1,19}$/;
  return a !== undefined && integer.test(a) && integer.test(b) && compare(BigInt(a), BigInt(b));
}
