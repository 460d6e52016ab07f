import type { IncomingHttpHeaders } from 'node:http';
import { badRequest, forbidden } from '../../api/errors.ts';
import type { UserInfo } from '../../api/verbs.ts';
import { dns1123LabelProblems, dns1123SubdomainProblems } from '../../machinery/names.ts';
import type { Authorizer } from '../handlers/authorize.ts';
import { unescaped } from './request-headers.ts';

const extraPrefix = 'impersonate-extra-';
const authenticated = 'system:authenticated';
const unauthenticated = 'system:unauthenticated';
const serviceAccountPrefix = 'system:serviceaccount:';

/**
 * Who a request acts as: the caller, or whoever its Impersonate headers name when the caller may do that (upstream:
 * endpoints/filters/impersonation.go). Each name, group, uid and extra is a right of its own.
 */
export async function impersonate(
  caller: UserInfo,
  headers: IncomingHttpHeaders,
  authorizer: Authorizer,
): Promise<UserInfo> {
  if (!Object.keys(headers).some((header) => header.startsWith('impersonate-'))) return caller;
  const name = text(headers['impersonate-user']);
  const groups = list(headers['impersonate-group']);
  const uid = text(headers['impersonate-uid']);
  const extras = Object.entries(headers)
    .filter(([header]) => header.startsWith(extraPrefix))
    .map(([header, value]) => [unescaped(header.slice(extraPrefix.length)), list(value)] as const)
    // Each value is asked about: a key without any would be had for nothing.
    .filter(([, values]) => values.length > 0);
  if (name === '') {
    if (groups.length === 0 && uid === '' && extras.length === 0) return caller;
    throw badRequest('requested impersonation without impersonating a user');
  }
  const check = async (group: string, resource: string, wanted: string, more: Partial<Where> = {}) => {
    const attributes = { subresource: undefined, namespace: undefined, ...more };
    const request = {
      user: caller,
      verb: 'impersonate',
      group,
      version: 'v1',
      resource,
      name: wanted,
      ...attributes,
    };
    const { allowed, reason } = await authorizer.authorize(request);
    if (allowed) return;
    const why = `User ${JSON.stringify(caller.name)} cannot impersonate resource ${JSON.stringify(resource)} in API group ${JSON.stringify(group)} at the cluster scope`;
    throw forbidden({ group, plural: resource }, wanted, reason === '' ? why : `${why}: ${reason}`);
  };
  const account = serviceAccountOf(name);
  if (account === undefined) await check('', 'users', name);
  else await check('', 'serviceaccounts', account.name, { namespace: account.namespace });
  for (const group of groups) await check('', 'groups', group);
  if (uid !== '') await check('authentication.k8s.io', 'uids', uid);
  for (const [key, values] of extras)
    for (const value of values)
      await check('authentication.k8s.io', 'userextras', value, { subresource: key });
  const implied =
    account === undefined ? [] : ['system:serviceaccounts', `system:serviceaccounts:${account.namespace}`];
  const all = groups.length > 0 ? groups : implied;
  const everybody = name === 'system:anonymous' ? unauthenticated : authenticated;
  return {
    name,
    ...(uid === '' ? {} : { uid }),
    groups: all.includes(everybody) ? all : [...all, everybody],
    ...(extras.length === 0 ? {} : { extra: Object.fromEntries(extras) }),
  };
}

interface Where {
  readonly subresource: string;
  readonly namespace: string;
}

function serviceAccountOf(name: string): { namespace: string; name: string } | undefined {
  if (!name.startsWith(serviceAccountPrefix)) return undefined;
  const [namespace, account, ...more] = name.slice(serviceAccountPrefix.length).split(':');
  if (namespace === undefined || account === undefined || more.length > 0) return undefined;
  // What can be no account is somebody of that name, whom the rights of no namespace reach.
  if (dns1123LabelProblems(namespace).length + dns1123SubdomainProblems(account).length > 0) return undefined;
  return { namespace, name: account };
}

function text(header: string | string[] | undefined): string {
  return [header ?? ''].flat()[0] ?? '';
}

/** Node joins headers that are given more than once with commas. */
function list(header: string | string[] | undefined): readonly string[] {
  return [header ?? []]
    .flat()
    .flatMap((value) => value.split(','))
    .map((value) => value.trim())
    .filter((value) => value !== '');
}
