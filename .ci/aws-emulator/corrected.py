"""MiniStack, with what this version of it (requirements.txt) lacks or gets wrong of what the stack needs put right.

Each of these is a deviation from AWS that it has been seen to make, and none is about the relay. Look at each when
another version is pinned: what it does by itself then goes.
"""

import threading
import time

from ministack import app
from ministack.core import iam_evaluator, lambda_runtime
from ministack.services import apigateway_v1, athena, dynamodb, eventbridge, iam, lambda_svc, s3, secretsmanager
from ministack.services.cloudformation import provisioners

handlers = provisioners._RESOURCE_HANDLERS


def one_port():
    """With https it takes port 443 of this machine too, if it may."""
    plain = app._port_is_bindable
    app._port_is_bindable = lambda host, port: port != 443 and plain(host, port)


def saved_queries():
    """The type of resource is not known to CloudFormation, though Athena has what it makes."""

    def create(logical_id, props, stack_name):
        wanted = {name: props[name] for name in ("Name", "Description", "Database", "QueryString", "WorkGroup") if name in props}
        before = set(athena._named_queries)
        athena._create_named_query(wanted)
        (made,) = set(athena._named_queries) - before
        return made, {"NamedQueryId": made}

    def delete(physical_id, props):
        athena._delete_named_query({"NamedQueryId": physical_id})

    handlers["AWS::Athena::NamedQuery"] = {"create": create, "delete": delete}


def tags_of_buckets():
    """A bucket does not get the tags of its template. The CDK's function that empties it looks for one of them."""
    plain = handlers["AWS::S3::Bucket"]

    def tag(name, props):
        s3._bucket_tags[name] = {tag["Key"]: tag["Value"] for tag in props.get("Tags", [])}

    def create(logical_id, props, stack_name):
        made = plain["create"](logical_id, props, stack_name)
        tag(made[0], props)
        return made

    def update(physical_id, old_props, new_props, stack_name):
        made = plain["update"](physical_id, old_props, new_props, stack_name)
        tag(made[0], new_props)
        return made

    handlers["AWS::S3::Bucket"] = {**plain, "create": create, "update": update}


def streaming_integrations():
    """API Gateway does not know the address of functions whose answers are streamed. Here it waits for them as for others."""
    plain = apigateway_v1._extract_lambda_ref_from_integration_uri

    def extract(uri):
        return plain((uri or "").replace("/response-streaming-invocations", "/invocations"))

    apigateway_v1._extract_lambda_ref_from_integration_uri = extract


def references_to_secrets():
    """A reference to a secret is its name. On AWS it is the ARN, which policies need."""
    plain = handlers["AWS::SecretsManager::Secret"]

    def name_of(physical_id):
        name, _ = secretsmanager._resolve(physical_id)
        return name or physical_id

    def create(logical_id, props, stack_name):
        _, attributes = plain["create"](logical_id, props, stack_name)
        return attributes["Arn"], attributes

    def update(physical_id, old_props, new_props, stack_name, logical_id=None):
        _, attributes = plain["update"](name_of(physical_id), old_props, new_props, stack_name, logical_id)
        return attributes["Arn"], attributes

    def delete(physical_id, props):
        plain["delete"](name_of(physical_id), props)

    handlers["AWS::SecretsManager::Secret"] = {**plain, "create": create, "update": update, "delete": delete}


def labels_of_versions():
    """A label that is put on a new version of a secret stays on the older one too. On AWS it moves."""
    plain = secretsmanager._put_secret_value

    def put(data):
        _, secret = secretsmanager._resolve(data.get("SecretId"))
        moved = set(data.get("VersionStages") or []) - {"AWSCURRENT"}
        versions = secret["Versions"] if secret else {}
        for name in list(versions):
            before = versions[name]["Stages"]
            versions[name]["Stages"] = [label for label in before if label not in moved]
            if before and not versions[name]["Stages"]:
                del versions[name]
        return plain(data)

    secretsmanager._put_secret_value = put


def principals_of_sessions():
    """The condition key aws:PrincipalArn of a role's session is that of the session. On AWS it is that of the role."""
    plain = iam_evaluator._resolve_condition_key

    def resolve(key, context):
        if key.lower() != "aws:principalarn" or ":assumed-role/" not in context.principal_arn:
            return plain(key, context)
        role = iam._roles.get_scoped(context.principal_account, None, context.principal_arn.split("/")[1])
        return role["Arn"] if role else context.principal_arn

    iam_evaluator._resolve_condition_key = resolve


def rules_of_partner_buses():
    """A rule of a bus with slashes in its name, as all of partners have, cannot be tagged: its ARN is not understood."""
    plain = eventbridge._resolve_taggable_events_arn

    def validate(arn):
        known = next((rule for rule in eventbridge._rules.values() if rule.get("Arn") == arn), None)
        return (arn, None) if known else plain(arn)

    eventbridge._resolve_taggable_events_arn = validate


def events_of_partners():
    """What partners put goes nowhere. On AWS it comes on the bus that bears the name of its source."""

    def put(data):
        entries = [{**entry, "EventBusName": entry.get("Source")} for entry in data.get("Entries", [])]
        return eventbridge._put_events({"Entries": entries}, allow_aws_source=True)

    eventbridge._put_partner_events = put


def rules_of_missing_buses():
    """CloudFormation makes a rule of a bus that is not there. On AWS that fails, as it does with PutRule."""
    plain = handlers["AWS::Events::Rule"]

    def create(logical_id, props, stack_name):
        bus = props.get("EventBusName", "default").split(":event-bus/")[-1]
        eventbridge._ensure_default_bus()
        if bus not in eventbridge._event_buses:
            raise ValueError(f"Event bus {bus} does not exist.")
        return plain["create"](logical_id, props, stack_name)

    handlers["AWS::Events::Rule"] = {**plain, "create": create}


def times_of_schedules():
    """The input of a schedule reaches its target as it is written. On AWS the time stands where the text asks for it."""
    plain = eventbridge._invoke_target
    asked = "<aws.scheduler.scheduled-time>"

    def invoke(target, event, rule, view=None):
        if event.get("Source") == "aws.scheduler" and asked in target.get("Input", ""):
            # It looks at schedules every ten seconds; those with cron are due at full minutes.
            late = event["Time"] % 60 if rule["ScheduleExpression"].startswith("cron") else 0
            due = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(event["Time"] - late))
            target = {**target, "Input": target["Input"].replace(asked, due)}
        return plain(target, event, rule, view)

    eventbridge._invoke_target = invoke


def tags_of_deleted_tables():
    """CloudFormation deletes a table, and its tags stay: the Tagging API goes on to tell of it."""
    plain = handlers["AWS::DynamoDB::Table"]

    def delete(physical_id, props):
        table = dynamodb._tables.get(physical_id) or {}
        plain["delete"](physical_id, props)
        dynamodb._tags.pop(table.get("TableArn"), None)

    handlers["AWS::DynamoDB::Table"] = {**plain, "delete": delete}


def words_of_gateways():
    """Who may not call an API is told so in words of the emulator. On AWS they are those of the API for ACCESS_DENIED."""
    plain = app._enforce_execute_api

    def enforce(api_id, stage, method, path, headers, query, **options):
        denied = plain(api_id, stage, method, path, headers, query, **options)
        known = apigateway_v1.find_api_scope(api_id)
        if not denied or not known or denied[1].get("x-amzn-errortype") != "AccessDeniedException":
            return denied
        request = {
            "api_id": api_id, "stage_name": stage, "stage": apigateway_v1.stages_for_api(api_id)[stage],
            "headers": headers, "query_params": query, "path_params": {}, "resource_path": "", "request_id": apigateway_v1.new_uuid(),
        }
        error = apigateway_v1._GatewayError("ACCESS_DENIED", "not authorized")
        with apigateway_v1.request_scope(*known):
            return apigateway_v1._gateway_error_response(error, request)

    app._enforce_execute_api = enforce


def calls_under_way():
    """A function that is changed or deleted drops what it is at. On Lambda, calls under way go on to their end."""
    plain = lambda_svc.invalidate_worker

    def retire(worker):
        deadline = time.monotonic() + 60
        while worker.in_use and time.monotonic() < deadline:
            time.sleep(0.1)
        worker.kill()

    def invalidate(name, *rest, **scope):
        with lambda_runtime._lock:
            pools = [pool for key, pool in lambda_runtime._workers.items() if key.split(":")[-2] == name]
            busy = [worker for pool in pools for worker in pool if worker.in_use]
            for pool in pools:
                pool[:] = [worker for worker in pool if not worker.in_use]
        for worker in busy:
            threading.Thread(target=retire, args=(worker,), daemon=True).start()
        plain(name, *rest, **scope)

    lambda_svc.invalidate_worker = invalidate


def deletion_of_buckets():
    """CloudFormation deletes a bucket with all that is in it. On AWS that fails, until somebody has emptied it."""
    plain = handlers["AWS::S3::Bucket"]

    def delete(physical_id, props):
        bucket = s3._buckets.get(physical_id)
        if bucket and (bucket["objects"] or s3._bucket_has_versions(physical_id)):
            raise ValueError("The bucket you tried to delete is not empty. You must delete all versions in the bucket.")
        plain["delete"](physical_id, props)

    handlers["AWS::S3::Bucket"] = {**plain, "delete": delete}


if __name__ == "__main__":
    one_port()
    saved_queries()
    tags_of_buckets()
    deletion_of_buckets()
    rules_of_partner_buses()
    events_of_partners()
    rules_of_missing_buses()
    tags_of_deleted_tables()
    calls_under_way()
    times_of_schedules()
    words_of_gateways()
    streaming_integrations()
    references_to_secrets()
    labels_of_versions()
    principals_of_sessions()
    app.main()
