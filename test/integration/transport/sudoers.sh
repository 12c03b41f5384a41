# Asks the real sudo, in a mount namespace of its own, about command lines of ours. Arguments: a folder with LINES/*.sh and what
# each one came to beside it, and our sudoers file. A throw-away user `pulumi` is in that namespace alone.
set -eu
lines=$1
sudoers=$2
mount --make-rprivate /
mount -t tmpfs -o mode=0750 tmpfs /etc/sudoers.d
mkdir "$lines/etc"
for file in passwd group shadow; do
  cp -p /etc/$file "$lines/etc/$file"
  mount --bind "$lines/etc/$file" /etc/$file
done
echo 'pulumi:x:64999:64999::/:/bin/sh' >> /etc/passwd
echo 'pulumi:x:64999:' >> /etc/group
echo 'pulumi:*:19000:0:99999:7:::' >> /etc/shadow
install -m 0440 "$sudoers" /etc/sudoers.d/pulumi-sriov
chmod 0755 "$lines"
# Asked and not run: some of them would change this machine.
mkdir "$lines/bin"
printf '#!/bin/sh\nshift 2\nexec %s -n -l -- "$@"\n' "$(command -v sudo)" > "$lines/bin/sudo"
chmod 0755 "$lines/bin" "$lines/bin/sudo"
as_pulumi="setpriv --reuid 64999 --regid 64999 --clear-groups"
for line in "$lines"/*.asked; do
  PATH=$lines/bin:$PATH $as_pulumi sh "$line" > "$line.out" 2>&1 < /dev/null && echo allowed > "$line.verdict" || echo refused > "$line.verdict"
done
for line in "$lines"/*.run; do
  $as_pulumi sh "$line" > "$line.out" 2>&1 < /dev/null && echo allowed > "$line.verdict" || echo refused > "$line.verdict"
done
