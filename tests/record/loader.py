"""Write tests/data/loader.json anew with PyTorch: the batches of its DataLoader, and the random stream around them.

python -m tests.record.loader        (needs torch; the tests do not)
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent.parent / "data" / "loader.json"


def main() -> None:
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    cases: list[dict[str, Any]] = []
    for count in (10, 12, 1, 7):
        for batch_size in (4, 1, 3):
            for number in range(8):
                shuffle, drop_last, own = bool(number & 1), bool(number & 2), bool(number & 4)
                torch.manual_seed(100 * count + batch_size)
                generator = torch.Generator().manual_seed(5) if own else None
                loader = DataLoader(
                    TensorDataset(torch.arange(count)), batch_size, shuffle, drop_last=drop_last, generator=generator
                )
                seen: list[Any] = []
                for epoch in range(2):
                    for i, (batch,) in enumerate(loader):
                        seen.append(batch.tolist())
                        if epoch == 1 and i == 1:
                            break
                    seen.append(torch.randint(0, 1000, (1,)).item())
                if generator is not None:
                    seen.append(torch.randint(0, 1000, (1,), generator=generator).item())
                cases.append(
                    {
                        "count": count,
                        "batch_size": batch_size,
                        "shuffle": shuffle,
                        "drop_last": drop_last,
                        "generator": own,
                        "length": len(loader),
                        "seen": seen,
                    }
                )
    lines = ",\n".join(json.dumps(case) for case in cases)
    FILE.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    print(f"recorded {len(cases)} loaders")


if __name__ == "__main__":
    main()
