"""A Temporal worker that runs item actions for Bowline: each takes an item and says what becomes of it."""

import asyncio
import gzip
import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor

import boto3
from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker


def label(line, header):
    """Labels an item with the run that it went through."""
    run = header.get("restore") or header.get("backup")
    item = line["item"]
    metadata = item["metadata"]
    metadata["labels"] = {**(metadata.get("labels") or {}), "example.com/came-through": run["metadata"]["name"]}
    return {"item": item}


def refuse_latest(line, header):
    """Fails at pods whose images may be another one tomorrow; all other items stay as they are."""
    spec = line["item"].get("spec") or {}
    images = [container.get("image", "") for container in spec.get("containers") or []]
    latest = [image for image in images if image.endswith(":latest")]
    return {"error": "uses the image " + ", ".join(latest)} if latest else {}


ACTIONS = {"example.com/label": label, "example.com/refuse-latest": refuse_latest}


def answer(line, action, header):
    """One line of the answer. What an action fails at is the item's error, so that the others go on."""
    try:
        return {"index": line["index"], **action(line, header)}
    except Exception as error:
        return {"index": line["index"], "error": f"{type(error).__name__}: {error}"}


# Its name, its argument and its result are Bowline's contract: docs/plugins.md.
@activity.defn(name="executeItemAction")
def execute_item_action(batch: dict) -> dict:
    action = ACTIONS[batch["action"]]
    bucket, source = batch["batch"]["bucket"], batch["batch"]
    store = boto3.client("s3")
    body = store.get_object(Bucket=bucket, Key=source["key"])["Body"].read()
    if hashlib.sha256(body).hexdigest() != source["sha256"]:
        raise ValueError(f"{source['key']} is not what Bowline has written")

    header, *lines = [json.loads(line) for line in gzip.decompress(body).splitlines()]
    answers = [json.dumps(answer(line, action, header)) for line in lines]

    written = gzip.compress("\n".join(answers).encode())
    # Each attempt writes to a key of its own: a slow one must not change what a later one has answered.
    key = batch["answerPrefix"] + str(activity.info().attempt)
    store.put_object(Bucket=bucket, Key=key, Body=written)
    return {"key": key, "sha256": hashlib.sha256(written).hexdigest(), "bytes": len(written)}


async def main():
    client = await Client.connect(
        os.environ.get("TEMPORAL_ADDRESS", "127.0.0.1:7233"),
        namespace=os.environ.get("TEMPORAL_NAMESPACE", "default"),
    )
    with ThreadPoolExecutor(4) as executor:
        worker = Worker(
            client,
            task_queue=os.environ.get("TASK_QUEUE", "my-actions"),
            activities=[execute_item_action],
            activity_executor=executor,
            max_concurrent_activities=4,
        )
        await worker.run()


if __name__ == "__main__":
    asyncio.run(main())
