import { beforeAll, describe, expect, test } from 'vitest';
import { endpointFunctions } from '../../../infra/functions.ts';
import { endpoints } from '../../../shared/api/endpoints.ts';
import { full, functionNamed, hooked, only, resourcesOf, templateOf, textOf } from '../../support/stack.ts';

type Template = ReturnType<typeof templateOf>;

/** `GET /lookupvisitor`, with what stands behind it. */
function methodsOf(template: Template) {
  return resourcesOf(template, 'AWS::ApiGateway::Method').map(([, { Properties }]) => {
    const { HttpMethod, ResourceId, AuthorizationType, Integration } = Properties;
    const path = pathOf(template, ResourceId.Ref) || '/';
    return { name: `${HttpMethod} ${path}`, authorization: AuthorizationType, integration: Integration };
  });
}

function pathOf(template: Template, id: string): string {
  const { PathPart, ParentId } = template.Resources[id]?.Properties ?? {};
  return PathPart === undefined ? '' : `${pathOf(template, ParentId.Ref)}/${PathPart}`;
}

const paths = [...new Set(endpoints.map(({ path }) => path))];

/** Somebody has to say what is wrong with every other path. */
const elsewhere = ['ANY /', 'ANY /signals', 'ANY /{path+}'];

/** Those that want no signature. */
function openIn(of: Template) {
  return methodsOf(of).filter(({ authorization }) => authorization !== 'AWS_IAM');
}

const openForWebhooks = ['ANY', 'HEAD', 'POST'].map((method) => `${method} /webhooks/{source}`);

let template: Template;
let everything: Template;
beforeAll(() => {
  template = templateOf();
  everything = templateOf(full);
});

describe('the API', () => {
  test('is regional, takes every body as bytes, and no TLS before 1.2', () => {
    expect(only(template, 'AWS::ApiGateway::RestApi').Properties).toMatchObject({
      EndpointConfiguration: { Types: ['REGIONAL'] },
      BinaryMediaTypes: ['*/*'],
      SecurityPolicy: 'SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09',
    });
  });

  test('has the endpoints of the contract, and for every other path and method somebody who says what is wrong', () => {
    expect(
      methodsOf(template)
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(
      [
        ...endpoints.map(({ method, path }) => `${method} ${path}`),
        ...paths.map((path) => `ANY ${path}`),
        ...elsewhere,
      ].toSorted(),
    );
  });

  test('has no method without a signature where no source sends requests and no page calls', () => {
    expect(openIn(template)).toEqual([]);
    expect(openIn(templateOf({ ...hooked, webhooks: { sales: full.webhooks.sales } }))).toEqual([]);
  });

  test('has no other methods without a signature than those of webhooks, which their function answers', () => {
    const of = templateOf(hooked);
    expect(openIn(of).map(({ name }) => name)).toEqual(expect.arrayContaining(openForWebhooks));
    expect(openIn(of).length).toBe(openForWebhooks.length);
    for (const { integration } of openIn(of)) {
      expect(integration.Type).toBe('AWS_PROXY');
      expect(functionNamed(of, textOf(integration.Uri))).toBe('presence-relay-prod-webhook');
    }
  });

  test('has beside them the preflights of configured origins, which reach no function', () => {
    const open = openIn(everything);
    const preflights = paths.map((path) => `OPTIONS ${path}`);
    expect(open.map(({ name }) => name).toSorted()).toEqual([...openForWebhooks, ...preflights].toSorted());
    for (const { name, integration } of open)
      expect(integration.Type).toBe(preflights.includes(name) ? 'MOCK' : 'AWS_PROXY');
  });

  test.each(endpointFunctions.map((spec) => [spec.name, spec] as const))(
    'hands all calls of the paths of %s to its function',
    (name, spec) => {
      const [{ path }] = spec.endpoints;
      const own = methodsOf(template).filter((each) => each.name.endsWith(` ${path}`));
      expect(own.map((each) => each.name).toSorted()).toEqual(
        [`ANY ${path}`, ...spec.endpoints.map(({ method }) => `${method} ${path}`)].toSorted(),
      );
      for (const { integration } of own) {
        expect(integration.Type).toBe('AWS_PROXY');
        expect(functionNamed(template, textOf(integration.Uri))).toBe(`presence-relay-prod-${name}`);
      }
    },
  );

  test('streams query, for as long as a stream may take, and nothing else', () => {
    for (const { name, integration } of methodsOf(template)) {
      const uri = textOf(integration.Uri);
      if (name.endsWith('/query')) {
        expect(integration).toMatchObject({ ResponseTransferMode: 'STREAM', TimeoutInMillis: 900_000 });
        expect(uri).toMatch(/:lambda:path\/2021-11-15\/functions\/.*\/response-streaming-invocations$/);
      } else {
        expect(integration.ResponseTransferMode).toBeUndefined();
        expect(integration.TimeoutInMillis ?? 29_000).toBe(29_000);
        expect(uri).toMatch(/:lambda:path\/2015-03-31\/functions\/.*\/invocations$/);
      }
    }
  });
});

describe('the stage', () => {
  const settingsOf = (of: Template) => only(of, 'AWS::ApiGateway::Stage').Properties.MethodSettings;

  test('limits all calls, and query more', () => {
    const limits = { ThrottlingRateLimit: 100, ThrottlingBurstLimit: 200 };
    expect(settingsOf(template)).toEqual([
      expect.objectContaining({ HttpMethod: '*', ResourcePath: '/*', ...limits }),
      expect.objectContaining({
        HttpMethod: 'GET',
        ResourcePath: '/~1query',
        ThrottlingRateLimit: 2,
        ThrottlingBurstLimit: 5,
      }),
    ]);
    expect(settingsOf(everything)[0]).toMatchObject({ ThrottlingRateLimit: 20, ThrottlingBurstLimit: 40 });
  });

  test('gives query no more than all calls have, where that is less than its own limit', () => {
    const slow = settingsOf(templateOf({ ...full, throttle: { rate: 1, burst: 2 } }));
    expect(slow[1]).toMatchObject({ ThrottlingRateLimit: 1, ThrottlingBurstLimit: 2 });
  });
});

describe('a preflight', () => {
  test('names the methods of its path and the headers of a signature, and repeats only configured origins', () => {
    for (const path of paths) {
      const methods = endpoints.filter((endpoint) => endpoint.path === path).map(({ method }) => method);
      const found = methodsOf(everything).find(({ name }) => name === `OPTIONS ${path}`);
      const [answer] = found?.integration.IntegrationResponses ?? [];
      expect(answer.ResponseParameters).toEqual({
        'method.response.header.access-control-allow-methods': `'${methods.join(', ')}'`,
        'method.response.header.access-control-allow-headers':
          "'authorization, content-type, idempotency-key, ttl, x-amz-content-sha256, x-amz-date, x-amz-security-token'",
        'method.response.header.access-control-max-age': "'7200'",
        'method.response.header.vary': "'origin'",
      });
      const script = answer.ResponseTemplates['application/json'];
      expect(script).toContain(
        '#if($origin == "https://desk.acme.example" || $origin == "http://localhost:5173")',
      );
      // With every media type binary, API Gateway fails a preflight that is not made text first.
      expect(found?.integration.ContentHandling).toBe('CONVERT_TO_TEXT');
    }
  });
});

describe('a domain', () => {
  test('stands before the API, with a record that points to it', () => {
    expect(only(everything, 'AWS::ApiGateway::DomainName').Properties).toMatchObject({
      DomainName: 'presence.acme.example',
      SecurityPolicy: 'TLS_1_2',
      EndpointConfiguration: { Types: ['REGIONAL'] },
      RegionalCertificateArn: full.domain.certificateArn,
    });
    expect(only(everything, 'AWS::Route53::RecordSet').Properties).toMatchObject({
      Name: 'presence.acme.example.',
      HostedZoneId: 'Z0123456789',
      Type: 'A',
    });
    expect(everything.Outputs.Address?.Value).toBe('https://presence.acme.example');
  });

  test('without a zone comes with what to enter in the DNS', () => {
    const { zone: _, ...domain } = full.domain;
    const { Outputs } = templateOf({ ...full, domain });
    expect(Outputs.DnsTarget?.Description).toContain('presence.acme.example');
    expect(everything.Outputs).not.toHaveProperty('DnsTarget');
  });
});

test('A firewall stands before the stage where one is configured', () => {
  const { ResourceArn, WebACLArn } = only(everything, 'AWS::WAFv2::WebACLAssociation').Properties;
  expect(WebACLArn).toBe(full.waf.webAclArn);
  expect(textOf(ResourceArn)).toMatch(/^arn:.*:apigateway:.*::\/restapis\/.*\/stages\/.*$/);
  expect(resourcesOf(template, 'AWS::WAFv2::WebACLAssociation')).toEqual([]);
});

test('A change of the callers, the origins, or whether there are webhooks makes a new deployment of the API', () => {
  const deploymentOf = (config: Parameters<typeof templateOf>[0]) =>
    resourcesOf(templateOf(config), 'AWS::ApiGateway::Deployment').map(([id]) => id);
  const { callers, cors } = full;
  expect(deploymentOf(full)).toEqual(deploymentOf(full));
  for (const changed of [
    { callers: { ...callers, crm: { groups: [72] } } },
    { cors: { origins: [cors.origins[0]] } },
    { cors: undefined },
    { webhooks: undefined },
  ]) {
    expect(deploymentOf({ ...full, ...changed } as typeof full)).not.toEqual(deploymentOf(full));
  }
});
