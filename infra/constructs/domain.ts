import { EndpointType, type RestApi, SecurityPolicy } from 'aws-cdk-lib/aws-apigateway';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { ARecord, HostedZone, RecordTarget } from 'aws-cdk-lib/aws-route53';
import { ApiGatewayDomain } from 'aws-cdk-lib/aws-route53-targets';
import { Construct } from 'constructs';
import type { RelayConfig } from '../../shared/api/config/relay.ts';

type RelayDomainProps = NonNullable<RelayConfig['domain']> & { readonly api: RestApi };

/** A host name of the company's own for the API. */
export class RelayDomain extends Construct {
  /** Without a slash at its end. */
  readonly address: string;
  /** What the name has to point to. */
  readonly target: string;
  /** A DNS record of this stack points there already. */
  readonly hasRecord: boolean;

  constructor(scope: Construct, id: string, { name, certificateArn, zone, api }: RelayDomainProps) {
    super(scope, id);
    const domain = api.addDomainName('Domain', {
      domainName: name,
      certificate: Certificate.fromCertificateArn(this, 'Certificate', certificateArn),
      endpointType: EndpointType.REGIONAL,
      securityPolicy: SecurityPolicy.TLS_1_2,
    });
    this.address = `https://${name}`;
    this.target = domain.domainNameAliasDomainName;
    this.hasRecord = zone !== undefined;
    if (zone) {
      new ARecord(this, 'Record', {
        recordName: `${name}.`,
        zone: HostedZone.fromHostedZoneAttributes(this, 'Zone', {
          hostedZoneId: zone.id,
          zoneName: zone.name,
        }),
        target: RecordTarget.fromAlias(new ApiGatewayDomain(domain)),
      });
    }
  }
}
