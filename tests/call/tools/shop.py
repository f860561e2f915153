"""A profile with every tool, and one of a shop's."""

from __future__ import annotations

import json
from typing import Any

from firstword.call.tools import HttpTool, Permissions, Toolbox, http_tool

KEY = "k-1234567890"
ORDER = {
    "type": "object",
    "properties": {
        "order": {"type": "string", "pattern": "^[0-9A-Z]+$"},
        "lang": {"type": "string"},
        "limit": {"type": "integer", "minimum": 1, "maximum": 10},
        "note": {"type": "string", "maxLength": 20},
        "when": {"type": "string", "format": "date"},
        "tags": {"type": "array", "items": {"enum": ["red", "green"]}, "maxItems": 2},
    },
    "required": ["order"],
}
PERMISSIONS = Permissions(
    tools=("transfer", "hang_up", "send_keys", "set_variable", "collect_digits", "order_status"),
    destinations=("人工=transfer:9000 XML default", "投诉 = transfer:9001"),
    variables=("order", "vip=sip_h_X-VIP"),
    private_arguments=("phone",),
)


def tool(url: str = "https://shop.example/orders/{order}", *, schema: Any = None, **values: str) -> HttpTool:
    given = {"description": "查订单", "method": "POST", "url": url, "parameters": json.dumps(schema or ORDER), **values}
    return http_tool.make("order_status", given, {"Authorization": f"Bearer {KEY}"}, "tool 'order_status'")


def toolbox(permissions: Permissions = PERMISSIONS, **declared: HttpTool) -> Toolbox:
    return Toolbox(permissions, declared or {"order_status": tool()}, "profile 'shop'")
