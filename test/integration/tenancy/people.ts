import { makePair } from '../../../core/machinery/pki/make-certificate.ts';
import { systemClock } from '../../../core/machinery/clock.ts';
import { clusterrolebindings, clusterroles, serviceaccounts } from '../../../core/api/generated/resources.ts';
import type { Connection } from '../../../core/client/grpc/connection.ts';
import type { RestRequest } from '../../environment/rest.ts';
import { clientPair } from '../../environment/rest.ts';
import { settle } from '../../expectations/eventually.ts';
import { expectedOfAgent } from './agent-model.ts';
import type { FrontEnds } from './front-ends.ts';
import { ownRoles } from './model.ts';
import type { Holding } from './model.ts';

/** Somebody who asks, whatever they show for themselves, and what they should be able to do. */
export interface Identity {
  readonly name: string;
  /** What they have by bindings, of their own name or of a group. */
  readonly holdings: readonly Holding[];
  /** What comes of a request, where that is not all that bindings say. */
  readonly expected?: typeof expectedOfAgent;
  /** What comes of everything they ask, whatever it is. */
  readonly always?: 'unauthorized' | 'forbidden';
  readonly overRest: Pick<RestRequest, 'as' | 'headers'>;
  readonly overGrpc: Connection;
}

const rbac = 'rbac.authorization.k8s.io';
/** `edit` is what these two make together; its own rules are put together by a controller. */
const edit = ['system:aggregate-to-edit', 'system:aggregate-to-view'];
const inTeam = (...roles: readonly string[]): Holding[] => roles.map((role) => ({ role, namespace: 'team' }));

/** Roles that people with a certificate have by their own name. */
const byName: Readonly<Record<string, readonly Holding[]>> = {
  editor: [...inTeam(...edit, 'custom-edit'), { role: 'custom-view' }],
  viewer: inTeam('system:aggregate-to-view'),
  'admin of the team': inTeam(...edit, 'system:aggregate-to-admin'),
  'ruler of the team': inTeam('cluster-admin'),
  auditor: [{ role: 'system:aggregate-to-view' }, { role: 'scraper' }],
  'holder of names': inTeam('present-only'),
  'holder of parts': [...inTeam('parts-only'), { role: 'fortune-teller', namespace: 'default' }],
  patcher: inTeam('patch-only'),
  creator: inTeam('create-only'),
  stranger: [],
};

/** Everybody there is to ask, by what they are. */
export async function gather(ends: FrontEnds): Promise<readonly Identity[]> {
  const { rest, grpc } = ends;
  const { client } = rest.api;
  for (const [name, rules] of Object.entries(ownRoles))
    await client.create(clusterroles, { metadata: { name }, rules });
  const people: Identity[] = [];
  for (const [name, holdings] of Object.entries(byName)) {
    const { pair, connection } = await ends.person(name, ...holdings);
    people.push({ name, holdings, overRest: { as: pair }, overGrpc: connection });
  }
  const editor = people.find(({ name }) => name === 'editor');
  if (editor === undefined) throw new Error('There is no editor');

  const member = await clientPair(rest.pki.clientCa, 'O=developers, CN=member');
  const group = inTeam('system:aggregate-to-view', 'custom-edit');
  await ends.bind({ apiGroup: rbac, kind: 'Group', name: 'developers' }, ...group);
  people.push({
    name: 'member of a group',
    holdings: group,
    overRest: { as: member },
    overGrpc: grpc.connect(member),
  });

  // An account has what its own name has, in whatever namespace, and what all accounts of its namespace have.
  const token = await tokenOf(ends, 'team', 'bot');
  const account: Holding[] = [...inTeam(...edit), { role: 'system:aggregate-to-view', namespace: 'other' }];
  await ends.bind({ kind: 'ServiceAccount', namespace: 'team', name: 'bot' }, ...account);
  await ends.bind(
    { apiGroup: rbac, kind: 'Group', name: 'system:serviceaccounts:team' },
    { role: 'present-only', namespace: 'other' },
  );
  const ofAccounts: Holding[] = [
    { role: 'present-only', namespace: 'other' },
    { role: 'system:service-account-issuer-discovery' },
  ];
  const bearing = (text: string) => ({ as: null, headers: { authorization: `Bearer ${text}` } });
  people.push({
    name: 'account',
    holdings: [...account, ...ofAccounts],
    overRest: bearing(token),
    overGrpc: grpc.connect(token),
  });

  // Whoever may act as the editor may what the editor may, and nothing of their own.
  const actAs = { user: 'editor' };
  const headers = { 'impersonate-user': 'editor' };
  const impersonator = await ends.person('impersonator', { role: 'cluster-admin' });
  const pretender = await ends.person('pretender', { role: 'system:aggregate-to-edit' });
  people.push(
    {
      name: 'impersonator of the editor',
      holdings: editor.holdings,
      overRest: { as: impersonator.pair, headers },
      overGrpc: grpc.connect(impersonator.pair, actAs),
    },
    {
      name: 'pretender',
      holdings: [],
      always: 'forbidden',
      overRest: { as: pretender.pair, headers },
      overGrpc: grpc.connect(pretender.pair, actAs),
    },
  );

  const agent = await clientPair(rest.pki.clientCa, 'O=system:nodes, CN=system:node:agent');
  people.push({
    name: 'agent of a node',
    holdings: [],
    expected: expectedOfAgent,
    overRest: { as: agent },
    overGrpc: grpc.connect(agent),
  });

  const otherCa = await makePair({ name: 'other', subject: 'CN=client-ca', use: 'ca' }, systemClock);
  const forged = await clientPair(otherCa, 'O=system:masters, CN=admin');
  const spoilt = `${token.slice(0, -4)}AAAA`;
  const unknown = { holdings: [], always: 'unauthorized' } as const;
  people.push(
    { ...unknown, name: 'nobody', overRest: { as: null }, overGrpc: grpc.connect(null) },
    {
      ...unknown,
      name: 'bearer of a spoilt token',
      overRest: bearing(spoilt),
      overGrpc: grpc.connect(spoilt),
    },
    {
      ...unknown,
      name: 'holder of a forged certificate',
      overRest: { as: forged },
      overGrpc: grpc.connect(forged),
    },
  );

  // Who is bound to a role that is not there has nothing of it, and is told as much.
  const roleRef = { apiGroup: rbac, kind: 'ClusterRole', name: 'none' };
  const subjects = [{ apiGroup: rbac, kind: 'User', name: 'stranger' }];
  await client.create(clusterrolebindings, { metadata: { name: 'to-nothing' }, roleRef, subjects });
  const administrator = { name: 'administrator', holdings: [{ role: 'cluster-admin' }] };
  people.push({ ...administrator, overRest: {}, overGrpc: grpc.connect() });
  await settle(30);
  return people;
}

/** A token of an account that is made for it. */
async function tokenOf({ rest }: FrontEnds, namespace: string, name: string): Promise<string> {
  await rest.api.client.create(serviceaccounts, { metadata: { namespace, name } });
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
  const { code, text } = await rest.send('POST', path, { body: JSON.stringify({ spec: { audiences: [] } }) });
  if (code !== 201) throw new Error(`Cannot get a token of ${namespace}/${name}: ${text}`);
  return (JSON.parse(text) as { status: { token: string } }).status.token;
}
