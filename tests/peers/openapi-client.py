"""Uses the client that was generated from the cloud's OpenAPI document: lists devices, reads a time line, has a range exported, fetches it.

Arguments: folder of the generated package, address of the API, token, start and end of the range (UTC in ms), file to write.
Prints what it saw as JSON.
"""

import json
import sys
import time
from datetime import datetime, timezone

folder, address, token, start, end, path = sys.argv[1:7]
sys.path.insert(0, folder)

from skyrill_client import AuthenticatedClient  # noqa: E402
from skyrill_client.api.devices import list_devices  # noqa: E402
from skyrill_client.api.exports import create_export, get_export, get_export_file  # noqa: E402
from skyrill_client.api.playback import get_timeline, list_days  # noqa: E402
from skyrill_client.models import Error, NewExport  # noqa: E402

client = AuthenticatedClient(base_url=address, token=token, raise_on_unexpected_status=True, timeout=60)
start, end = int(start), int(end)

device = list_devices.sync(client=client).devices[0]
name = (device.product_id, device.device_name)
channel = device.channels[0].channel
timeline = get_timeline.sync(*name, channel, client=client, from_=start, to=end)
today = datetime.fromtimestamp(start / 1000, timezone.utc).date()
days = list_days.sync(*name, channel, client=client, from_=today, to=today)

job = create_export.sync(*name, channel, client=client, body=NewExport(from_ms=start, to_ms=end))
deadline = time.monotonic() + 120
while job.state == "running":
    if time.monotonic() > deadline:
        raise SystemExit("the export does not end")
    time.sleep(0.1)
    job = get_export.sync(*name, job.id, client=client)
answer = get_export_file.sync_detailed(*name, job.id, client=client)
with open(path, "wb") as file:
    file.write(answer.content)

missing = get_timeline.sync(*name, 63, client=client, from_=start, to=start)
print(
    json.dumps(
        {
            "device": name,
            "timeZone": device.time_zone,
            "recordings": [[one.start_ms, one.end_ms] for one in timeline.recordings],
            "events": [one.key for one in timeline.events],
            "recordedDays": [day.recorded for day in days.days],
            "state": job.state,
            "bytes": job.bytes_,
            "status": answer.status_code,
            "error": [missing.error.code, missing.error.message] if isinstance(missing, Error) else None,
        }
    )
)
