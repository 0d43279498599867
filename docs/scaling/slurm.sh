#!/bin/bash
# Trains on several machines under Slurm: one process on each, which takes all its GPUs.
#
#   sbatch docs/scaling/slurm.sh --model_type=sact --dataset=imagenet \
#       --dataset_dir=/data/imagenet --train_log_dir=/runs/sact --batch_size=1024
#
# What follows the script's name are flags of main.py. --train_log_dir must lie on a
# disk of all machines: another may be the first the next time. Submit it from the
# project's root.
#
#SBATCH --job-name=sact_keras
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=8
#SBATCH --cpus-per-task=32
#SBATCH --time=24:00:00
# A minute before the time is over every process gets SIGTERM and saves a checkpoint.
#SBATCH --signal=TERM@60
# The same job goes on when a machine fails, and its output where it was.
#SBATCH --requeue
#SBATCH --open-mode=append

set -euo pipefail

max_restarts=${MAX_RESTARTS:-10}
# A port of the job's own, below those that systems hand out.
port=$((20000 + SLURM_JOB_ID % 12000))
# scontrol lists the hosts in the order of their tasks: "a:20007", "b:20007".
WORKERS=$(scontrol show hostnames "$SLURM_JOB_NODELIST" |
    sed "s/.*/\"&:$port\"/" | paste -sd,)
export WORKERS

# shellcheck disable=SC2016  # The task's shell expands these, not this one.
train='
export TF_CONFIG="{\"cluster\": {\"worker\": [$WORKERS]},"
TF_CONFIG+=" \"task\": {\"type\": \"worker\", \"index\": $SLURM_PROCID}}"
exec python main.py --distribution=multi_worker "$@"
'

status=0
# The others would find out by themselves that one has failed; this is sooner.
srun --kill-on-bad-exit=1 bash -c "$train" train "$@" || status=$?

# 2 is a wrong command line, which is no better the next time.
if [[ $status != 0 && $status != 2 ]] &&
    ((${SLURM_RESTART_COUNT:-0} < max_restarts)); then
    echo "exit code $status: queued again, from the last checkpoint"
    scontrol requeue "$SLURM_JOB_ID"
fi
exit "$status"
