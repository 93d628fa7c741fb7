"""Whose cgroup it is: the container, pod and systemd unit that a cgroup path names.

Container engines and the kubelet put their ids into the path, each in its own way and differently
with the cgroupfs and the systemd driver. A path that none of them made gives an empty answer; the
path is somebody else's text, so nothing is taken from it that does not have the form of an id.
"""

import re

# `docker-<id>.scope` and its kin: what the systemd driver of each engine calls a container's scope.
_SCOPES = {
    "cri-containerd": "containerd",
    "nerdctl": "containerd",
    "crio": "cri-o",
    "crio-conmon": "cri-o",
    "docker": "docker",
    "libpod": "podman",
    "libpod-conmon": "podman",
    "libpod-payload": "podman",
}
_SCOPE = re.compile(
    r"(cri-containerd|nerdctl|crio-conmon|crio|docker|libpod-conmon|libpod-payload|libpod)"
    r"-([0-9a-f]{12,64})(?:\.scope)?$"
)
# containerd's cgroupfs name on a systemd host: `kubepods-pod<uid>.slice:cri-containerd:<id>`.
_COLONS = re.compile(r"[\w.-]{1,200}:(cri-containerd|crio|docker|libpod):([0-9a-f]{12,64})$")
# With the cgroupfs driver the last component is the bare id and its parent names the engine or pod.
_BARE = re.compile(r"[0-9a-f]{64}$")
_PARENTS = {"docker": "docker", "libpod_parent": "podman", "garden": "garden", "actions_job": "docker"}
# A pod's uid is a UUID, or for a static pod the 32 hex digits of its manifest's hash. The systemd
# driver writes underscores, since a hyphen would nest slices.
_POD = re.compile(
    r"(?:[\w-]{0,100}-)?pod([0-9a-f]{8}[-_](?:[0-9a-f]{4}[-_]){3}[0-9a-f]{12}|[0-9a-f]{32})"
    r"(?:\.slice.{0,200})?$"
)
_LXC = re.compile(r"lxc\.payload\.([\w.-]{1,100})$")
_UNIT = re.compile(r"[\w:.@\\+-]{1,250}\.(?:service|scope|socket|mount|swap)$")


def owner(path: str | None) -> dict[str, str]:
    """`container_id`, `container_runtime`, `pod_uid`, `systemd_unit`: those that the path tells.

    The innermost container and unit win. A container's own scope is not reported as a unit.

    >>> owner("/system.slice/docker-" + "ab" * 32 + ".scope")["container_runtime"]
    'docker'
    >>> owner("/user.slice/user-1000.slice/user@1000.service/app.slice/mail.service")
    {'systemd_unit': 'mail.service'}
    """
    found: dict[str, str] = {}
    parts = [part for part in (path or "")[:4096].split("/") if part][:64]
    for at, part in enumerate(parts):
        parent = parts[at - 1] if at else ""
        if match := _POD.match(part):
            found["pod_uid"] = match[1].replace("_", "-")
        if match := _SCOPE.match(part) or _COLONS.match(part):
            found["container_runtime"] = _SCOPES[match[1]]
            found["container_id"] = match[2]
            found.pop("systemd_unit", None)
        elif _BARE.match(part) and (parent in _PARENTS or _POD.match(parent)):
            found["container_id"] = part
            # Under a pod's folder the path does not say which engine made it.
            if parent in _PARENTS:
                found["container_runtime"] = _PARENTS[parent]
            found.pop("systemd_unit", None)
        elif match := _LXC.match(part):
            found["container_runtime"] = "lxc"
            found["container_id"] = match[1]
            found.pop("systemd_unit", None)
        elif parent in ("lxc", "lxc.payload") and re.fullmatch(r"[\w.-]{1,100}", part):
            found["container_runtime"] = "lxc"
            found["container_id"] = part
            found.pop("systemd_unit", None)
        elif _UNIT.match(part):
            found["systemd_unit"] = part
    return found
