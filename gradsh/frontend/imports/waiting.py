"""`asyncio`: see gradsh.frontend.imports.tasks, and what tasks share in gradsh.frontend.imports.synchronization."""

from __future__ import annotations

import inspect
from typing import Any

from gradsh.frontend.imports import Module, of_members, tasks
from gradsh.frontend.imports import synchronization as shared

__acts_for_programs__ = True


def as_completed(works: Any, *, timeout: Any = None) -> Any:
    """`for each in asyncio.as_completed(tasks): await each`."""
    ended = shared.Queue()
    begun = [tasks.future_of(work) for work in works]
    for task in begun:
        task.add_done_callback(ended.put_nowait)

    async def following() -> Any:
        return (await ended.get()).result()

    return (following() for _ in begun)


def module(session: Any, name: str) -> Module:
    from gradsh.frontend.imports.inspecting import flagged

    kinds = (
        *(tasks.Future, tasks.Task, tasks.TaskGroup),
        *(shared.Queue, shared.PriorityQueue, shared.LifoQueue, shared.Lock, shared.Semaphore, shared.Event),
    )
    errors = (tasks.CancelledError, tasks.InvalidStateError, tasks.QueueEmpty, tasks.QueueFull)
    functions = (
        *(tasks.run, tasks.create_task, tasks.sleep, tasks.to_thread),
        *(tasks.gather, tasks.wait_for, tasks.wait, as_completed),
    )
    members: dict[str, Any] = {each.__name__: each for each in (*kinds, *errors, *functions)}
    members |= {
        "TimeoutError": TimeoutError,
        "BoundedSemaphore": shared.Semaphore,
        "timeout": tasks.Timeout,
        "shield": tasks.shielded,
        "ensure_future": tasks.future_of,
        "get_event_loop": lambda: tasks.LOOP,
        "new_event_loop": lambda: tasks.LOOP,
        "set_event_loop": lambda _: None,
        "get_running_loop": tasks.running,
        "current_task": lambda *_: tasks.running().current,
        "all_tasks": lambda *_: {each for each in tasks.LOOP.tasks if not each.ready},
        "iscoroutinefunction": flagged(inspect.CO_COROUTINE),
        "iscoroutine": inspect.iscoroutine,
        "isfuture": lambda value: isinstance(value, tasks.Future),
        "FIRST_COMPLETED": "FIRST_COMPLETED",
        "FIRST_EXCEPTION": "FIRST_EXCEPTION",
        "ALL_COMPLETED": "ALL_COMPLETED",
    }
    return of_members("asyncio", members)
