import { CfnResource, Validations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** Findings that are known, and why they may stay. */
interface Acknowledgement {
  /** One matter, by the name of every tool that finds it: `AwsSolutions-…` of cdk-nag, `CKV_…` of checkov. */
  readonly findings: readonly [Finding, ...Finding[]];
  /** For whoever reviews the template: a sentence. */
  readonly reason: string;
}

type Finding = `AwsSolutions-${string}` | `CKV_${string}`;

/**
 * Lets these findings in a construct pass. Those of cdk-nag may be in whatever belongs to it, those of checkov are in its
 * resource, where the template tells them with their reasons.
 */
export function acknowledge(construct: Construct, ...all: readonly Acknowledgement[]): void {
  for (const { findings, reason } of all) {
    for (const id of findings) {
      if (id.startsWith('CKV_')) skipInCheckov(resourceOf(construct), { id, comment: reason });
      else Validations.of(construct).acknowledge({ id, reason });
    }
  }
}

/** https://www.checkov.io/2.Basics/Suppressing%20and%20Skipping%20Policies.html */
interface Skip {
  readonly id: string;
  readonly comment: string;
}

function skipInCheckov(resource: CfnResource, skip: Skip): void {
  const known: { skip: readonly Skip[] } | undefined = resource.getMetadata('checkov');
  resource.addMetadata('checkov', { skip: [...(known?.skip ?? []), skip] });
}

function resourceOf(construct: Construct): CfnResource {
  const resource = construct.node.defaultChild ?? construct;
  if (CfnResource.isCfnResource(resource)) return resource;
  throw new Error(`${construct.node.path} is no single resource, so checkov finds nothing in it`);
}
