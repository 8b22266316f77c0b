import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Lessons come here from the training room with the table they had there."""

    initial = True

    dependencies = [
        ("incidents", "0001_initial"),
        ("training", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="Lesson",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("kind", models.CharField(choices=[("WORKED", "Worked"), ("IMPROVE", "To improve")], max_length=8)),
                        ("text", models.TextField(verbose_name="lesson")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("author", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
                        ("incident", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="lessons", to="incidents.incident")),
                    ],
                    options={"ordering": ["pk"], "db_table": "training_lesson"},
                ),
            ],
        ),
    ]
