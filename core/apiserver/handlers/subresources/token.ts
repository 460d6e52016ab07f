import type { TokenRequest } from '../../../api/generated/authentication-v1.ts';
import type { KubernetesObject } from '../../../api/object.ts';
import { objectSchemaOf } from '../../../api/schema/schemas.ts';
import type { Encoded } from '../../../api/verbs.ts';
import { nodeNameOf } from '../../authz/node.ts';
import type { ServiceAccountTokens } from '../../authn/service-account-tokens.ts';
import { PlainObject } from '../plain-object.ts';
import type { SubresourceCreate, SubresourceHandler } from './subresource.ts';

/** serviceaccounts/token: answered, never kept. */
export function tokenSubresource(tokens: ServiceAccountTokens): SubresourceHandler {
  return {
    kind: {
      group: 'authentication.k8s.io',
      version: 'v1',
      kind: 'TokenRequest',
      get schema() {
        return objectSchemaOf('authentication/v1.TokenRequest');
      },
    },
    async create({ call, endpoint, target, body }: SubresourceCreate): Promise<Encoded> {
      const node = call.user === undefined ? undefined : nodeNameOf(call.user);
      const account = await endpoint.store.get(target.namespace, target.name, {}, call.signal);
      const status = await tokens.issue(account.object, body as TokenRequest, { node, signal: call.signal });
      return new PlainObject({ ...body, status } as KubernetesObject);
    },
  };
}
